"""ANY /auth/verify and ANY /auth/verify/{proxy+}."""

import os

from sallyport.wiring import verify

lambda_handler = verify.build(os.environ)
