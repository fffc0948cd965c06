"""What CloudFormation runs at a deployment: it checks the parameters, and makes the first keys."""

import os

from sallyport.wiring import setup

lambda_handler = setup.build(os.environ)
