"""GET /auth/me, GET /auth/sessions and DELETE /auth/sessions/{sid}."""

import os

from sallyport.wiring import account

lambda_handler = account.build(os.environ)
