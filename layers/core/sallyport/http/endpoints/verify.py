"""/auth/verify: what another gateway asks before it lets a request through (docs/verifying.md)."""

import re
from collections.abc import Callable, Mapping

from sallyport.accounts.roles import is_role
from sallyport.clock import Clock
from sallyport.errors import FieldError, InvalidRequest, RoleMissing, TokenRejected, Unavailable
from sallyport.http.bearer import bearer_token
from sallyport.http.request import Request
from sallyport.http.response import Response
from sallyport.tokens.access import AccessToken
from sallyport.use_cases.authorize import Authorized
from sallyport.values import dataclass

ALLOWED = "allowed"
ROUTE = "ANY /auth/verify"
ROUTE_BELOW = "ANY /auth/verify/{proxy+}"

_ONE_LINE = re.compile(r"[ -~]*", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyEndpoint:
    """204 with the caller in headers, if the Authorization header holds a token that passes.

    `?role=` asks for a role, several of them for all. It counts on `/auth/verify` itself: below it, path and query are
    the visitor's. Without `knows_roles` nobody's roles are read, and whoever asks for one is told so. A gateway may go
    on by one answer for `cache_seconds`, and never beyond the end of the token.
    """

    authorize: Callable[[str], Authorized]
    knows_roles: bool
    cache_seconds: int
    clock: Clock

    def __call__(self, request: Request) -> Response:
        wanted = self._wanted(request)
        authorized = self.authorize(bearer_token(request.headers.get("authorization")))
        roles = authorized.roles or ()
        if not all(is_role(role) for role in roles):  # the table says what no command of ours has written
            raise Unavailable("unreadable role")
        if not wanted <= set(roles):
            raise RoleMissing
        left = authorized.token.exp - self.clock() // 1000
        identity = {**_identity(authorized.token), "x-auth-roles": " ".join(roles)}
        return Response(
            204, ALLOWED, headers={**identity, "x-accel-expires": str(max(0, min(self.cache_seconds, left)))}
        )

    def _wanted(self, request: Request) -> set[str]:
        """Return the roles that are asked for. Raises InvalidRequest for any other parameter: it may be a slip."""
        if request.route != ROUTE:
            return set()
        errors = [
            FieldError(name[:64], "unknown_field", "The only parameter is role.")
            for name in list(request.query)[:5]
            if name != "role"
        ]
        wanted = set(request.query.get("role", ()))
        if not all(is_role(role) for role in wanted):
            errors.append(FieldError("role", "not_a_role", "A role has 1 to 64 of the characters A-Z a-z 0-9 _ . : -"))
        if wanted and not self.knows_roles:
            errors.append(FieldError("role", "not_allowed", "No roles are read in the revocation mode stateless."))
        if errors:
            raise InvalidRequest(errors[:5])
        return wanted


def _identity(token: AccessToken) -> Mapping[str, str]:
    """Return who is calling, each header always, because some gateways hand on a visitor's own where one is missing.

    Raises TokenRejected for a claim that would not stay on its line.
    """
    if not _ONE_LINE.fullmatch(token.client_id):
        raise TokenRejected("client_id")
    if not _ONE_LINE.fullmatch(token.scope or ""):
        raise TokenRejected("scope")
    return {
        "x-auth-sub": token.sub,
        "x-auth-sid": token.sid,
        "x-auth-client": token.client_id,
        "x-auth-scope": token.scope or "",
    }
