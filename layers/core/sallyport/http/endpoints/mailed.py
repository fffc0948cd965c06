"""The 202 of every call after which a mail may come."""

from sallyport.http.response import Response
from sallyport.trail import Note, Trail
from sallyport.use_cases.request_mail import MailRequested


def mailed(asked: MailRequested, status: str, also: tuple[Note, ...] = ()) -> Response:
    """Return what a client needs to redeem the code. It says nothing of whether there is an account."""
    body = {"status": status, "request": asked.request, "expires_in": asked.expires_in}
    return Response(202, status, body, trail=Trail(also=also))
