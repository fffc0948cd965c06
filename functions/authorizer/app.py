"""The Lambda authorizer of API Gateway."""

import os

from sallyport.wiring import authorizer

lambda_handler = authorizer.build(os.environ)
