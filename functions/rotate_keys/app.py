"""Makes the signing keys: on a schedule, and as a custom resource at deployment."""

import os

from sallyport.wiring import rotate_keys

lambda_handler = rotate_keys.build(os.environ)
