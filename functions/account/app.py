"""GET /auth/me, DELETE /auth/me, POST /auth/me/delete, GET /auth/sessions and DELETE /auth/sessions/{sid}."""

import os

from sallyport.wiring import account

lambda_handler = account.build(os.environ)
