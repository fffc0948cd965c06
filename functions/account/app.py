"""GET /auth/me."""

import os

from sallyport.wiring import account

lambda_handler = account.build(os.environ)
