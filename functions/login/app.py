"""POST /auth/login."""

import os

from sallyport.wiring import login

lambda_handler = login.build(os.environ)
