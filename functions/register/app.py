"""POST /auth/register and POST /auth/verify-email."""

import os

from sallyport.wiring import register

lambda_handler = register.build(os.environ)
