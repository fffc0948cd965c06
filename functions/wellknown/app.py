"""GET /.well-known/*."""

import os

from sallyport.wiring import wellknown

lambda_handler = wellknown.build(os.environ)
