"""POST /auth/refresh."""

import os

from sallyport.wiring import refresh

lambda_handler = refresh.build(os.environ)
