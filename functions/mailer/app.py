"""Mails what waits in the mail queue."""

import os

from sallyport.wiring import mailer

lambda_handler = mailer.build(os.environ)
