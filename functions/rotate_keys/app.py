"""Keeps the signing keys: on a schedule, and for an operator in an emergency."""

import os

from sallyport.wiring import rotate_keys

lambda_handler = rotate_keys.build(os.environ)
