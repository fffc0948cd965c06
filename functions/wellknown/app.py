"""GET /.well-known/jwks.json and GET /.well-known/openid-configuration."""

import os

from sallyport.wiring import wellknown

lambda_handler = wellknown.build(os.environ)
