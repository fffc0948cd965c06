"""ANY /auth/verify and below."""

import os

from sallyport.wiring import verify

lambda_handler = verify.build(os.environ)
