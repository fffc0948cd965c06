"""GET /auth/me, GET /auth/sessions and DELETE /auth/sessions/{sid}: what callers may see and end of their own."""

from dataclasses import asdict, dataclass

from sallyport.errors import TokenRejected
from sallyport.http.request import Request
from sallyport.http.response import Response
from sallyport.trail import Trail
from sallyport.use_cases.describe_user import DescribeUser
from sallyport.use_cases.end_session import EndSession
from sallyport.use_cases.list_sessions import ListSessions


@dataclass(frozen=True, slots=True)
class Caller:
    """What the authorizer has said about the caller: the claims of a token that it let pass."""

    sub: str
    sid: str
    jti: str
    ver: int


@dataclass(frozen=True, slots=True)
class MeEndpoint:
    """Who the caller is."""

    describe_user: DescribeUser

    def __call__(self, request: Request) -> Response:
        user = self.describe_user(_caller(request))
        body = {"sub": user.user_id, "email": user.email, "roles": list(user.roles), "created_at": user.created_at}
        return Response(200, "described", body)


@dataclass(frozen=True, slots=True)
class SessionsEndpoint:
    """Where the caller is logged in."""

    list_sessions: ListSessions

    def __call__(self, request: Request) -> Response:
        listed = self.list_sessions(_caller(request))
        return Response(200, "listed", {"sessions": [asdict(session) for session in listed]})


@dataclass(frozen=True, slots=True)
class EndSessionEndpoint:
    """204, also for a session that is gone or another user's: the caller does not learn which."""

    end_session: EndSession

    def __call__(self, request: Request) -> Response:
        sid = request.path["sid"]
        outcome = self.end_session(_caller(request), sid)
        return Response(204, outcome, trail=Trail(sid))


def _caller(request: Request) -> Caller:
    """Return what the authorizer has said. Raises TokenRejected if a part of it is missing."""
    match request.caller:
        case {"sub": str(sub), "sid": str(sid), "jti": str(jti), "ver": int(ver)} if (
            sub and sid and jti and not isinstance(ver, bool)
        ):
            return Caller(sub, sid, jti, ver)
    raise TokenRejected("caller")
