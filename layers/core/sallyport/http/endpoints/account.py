"""/auth/me and /auth/sessions: what callers may see, end and delete of their own."""

from sallyport.http.caller import caller_of, device_of
from sallyport.http.fields import fields_of
from sallyport.http.passwords import password
from sallyport.http.request import Request
from sallyport.http.response import Response
from sallyport.trail import Trail
from sallyport.use_cases.delete_account import DeleteAccount
from sallyport.use_cases.describe_user import DescribeUser
from sallyport.use_cases.end_session import EndSession
from sallyport.use_cases.list_sessions import ListSessions
from sallyport.values import asdict, dataclass


@dataclass(frozen=True, slots=True)
class MeEndpoint:
    """Who the caller is."""

    describe_user: DescribeUser

    def __call__(self, request: Request) -> Response:
        user = self.describe_user(caller_of(request))
        body = {"sub": user.user_id, "email": user.email, "roles": list(user.roles), "created_at": user.created_at}
        return Response(200, "described", body)


@dataclass(frozen=True, slots=True)
class SessionsEndpoint:
    """Where the caller is logged in."""

    list_sessions: ListSessions

    def __call__(self, request: Request) -> Response:
        listed = self.list_sessions(caller_of(request))
        return Response(200, "listed", {"sessions": [asdict(session) for session in listed]})


@dataclass(frozen=True, slots=True)
class EndSessionEndpoint:
    """204, also for a session that is gone or another user's: the caller does not learn which."""

    end_session: EndSession

    def __call__(self, request: Request) -> Response:
        sid = request.path["sid"]
        outcome = self.end_session(caller_of(request), sid, request.request_id)
        return Response(204, outcome, trail=Trail(sid))


@dataclass(frozen=True, slots=True)
class DeleteAccountEndpoint:
    """204: the account is gone. Asks for the password, because nothing brings it back."""

    delete_account: DeleteAccount

    def __call__(self, request: Request) -> Response:
        caller = caller_of(request)
        with fields_of(request.json_object(), ("password",)) as fields:
            known = password(fields)
        trail = self.delete_account(caller, known, device_of(request), request.request_id)
        return Response(204, "deleted", trail=trail)
