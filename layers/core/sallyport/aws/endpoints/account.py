"""GET /auth/me and GET /auth/sessions: what a caller may see of himself."""

from collections.abc import Callable
from dataclasses import asdict

from sallyport.accounts.user import User
from sallyport.aws.http import Endpoint, Request, Response
from sallyport.errors import InvalidToken
from sallyport.sessions.listing import ListedSession


def me_endpoint(find: Callable[[str], User | None]) -> Endpoint:
    """Describe the caller."""

    def endpoint(request: Request) -> Response:
        user = find(_caller(request, "sub"))
        if user is None:
            raise InvalidToken("user")
        body = {"sub": user.user_id, "email": user.email, "roles": list(user.roles), "created_at": user.created_at}
        return Response(200, "described", body)

    return endpoint


def sessions_endpoint(list_sessions: Callable[[str, str], list[ListedSession]]) -> Endpoint:
    """List where the caller is logged in."""

    def endpoint(request: Request) -> Response:
        listed = list_sessions(_caller(request, "sub"), _caller(request, "sid"))
        return Response(200, "listed", {"sessions": [asdict(session) for session in listed]})

    return endpoint


def _caller(request: Request, claim: str) -> str:
    """Read what the authorizer has said about the caller. Raises InvalidToken if it has said nothing."""
    value = request.caller.get(claim)
    if not isinstance(value, str) or not value:
        raise InvalidToken("caller")
    return value
