"""The response that carries a device token only: the account has a new password, and nobody is logged in."""

from sallyport.http import cookies
from sallyport.http.response import Response
from sallyport.sessions.session import Mode
from sallyport.trail import Trail
from sallyport.use_cases.choose_password import Redeemed


def device_response(redeemed: Redeemed, mode: Mode, outcome: str) -> Response:
    """Return the device token, in the body or as the cookie that scripts cannot read."""
    trail = Trail(also=redeemed.also)
    if mode == "body":
        return Response(200, outcome, {"device_token": redeemed.device_token}, trail=trail)
    return Response(200, outcome, {}, cookies=(cookies.keep_device(redeemed.device_token),), trail=trail)
