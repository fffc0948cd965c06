"""POST /auth/password/forgot, POST /auth/password/reset, POST /auth/password/change.

And POST /auth/email/change, POST /auth/email/confirm.
"""

import os

from sallyport.wiring import password

lambda_handler = password.build(os.environ)
