"""POST /auth/password/forgot, reset and change; POST /auth/email/change and confirm."""

import os

from sallyport.wiring import password

lambda_handler = password.build(os.environ)
