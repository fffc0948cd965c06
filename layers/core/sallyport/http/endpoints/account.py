"""GET /auth/me, GET /auth/sessions and DELETE /auth/sessions/{sid}: what a caller may see and end of his own."""

from collections.abc import Callable
from dataclasses import asdict, dataclass

from sallyport.accounts.user import User
from sallyport.aws.http import Endpoint, Request, Response
from sallyport.errors import InvalidToken
from sallyport.trail import Trail
from sallyport.use_cases.list_sessions import ListedSession


@dataclass(frozen=True, slots=True)
class Caller:
    """What the authorizer has said about the caller: the claims of a token that it let pass."""

    sub: str
    sid: str
    jti: str
    ver: int


def me_endpoint(find: Callable[[str], User | None]) -> Endpoint:
    """Describe the caller."""

    def endpoint(request: Request) -> Response:
        user = find(_caller(request).sub)
        if user is None:
            raise InvalidToken("user")
        body = {"sub": user.user_id, "email": user.email, "roles": list(user.roles), "created_at": user.created_at}
        return Response(200, "described", body)

    return endpoint


def sessions_endpoint(list_sessions: Callable[[str, str], list[ListedSession]]) -> Endpoint:
    """List where the caller is logged in."""

    def endpoint(request: Request) -> Response:
        caller = _caller(request)
        listed = list_sessions(caller.sub, caller.sid)
        return Response(200, "listed", {"sessions": [asdict(session) for session in listed]})

    return endpoint


def end_session_endpoint(end_session: Callable[[Caller, str], str]) -> Endpoint:
    """Answer 204, also for a session that is gone or another user's: nobody learns which."""

    def endpoint(request: Request) -> Response:
        sid = request.path["sid"]
        outcome = end_session(_caller(request), sid)
        return Response(204, outcome, trail=Trail(sid))

    return endpoint


def _caller(request: Request) -> Caller:
    """Read what the authorizer has said. Raises InvalidToken if that is not all that it always says."""
    match request.caller:
        case {"sub": str(sub), "sid": str(sid), "jti": str(jti), "ver": int(ver)} if sub and sid and jti:
            return Caller(sub, sid, jti, ver)
    raise InvalidToken("caller")
