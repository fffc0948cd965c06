"""POST /auth/logout."""

import os

from sallyport.wiring import logout

lambda_handler = logout.build(os.environ)
