"""The two forms of an authorizer's response: a simple one (HTTP API, payload 2.0), an IAM policy for other events."""

import re
from typing import Any, TypeAlias

from sallyport.errors import Unavailable
from sallyport.use_cases.authorize import Authorized
from sallyport.values import dataclass

Answer: TypeAlias = dict[str, Any]

NOBODY = "anonymous"
"""The principal of a denial. API Gateway wants one, and whose token it was is not known."""

_LONGEST_RESOURCE = 512  # API Gateway's limit for an ARN in a policy

# What comes before the method and the path. No part of it can hold a wildcard (`*`, `?`) or a policy variable (`${`).
_STAGE = re.compile(
    r"(arn:aws(?:-[a-z]+)*:execute-api:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9]+/(?:\$default|[A-Za-z0-9_-]+))/."
)


class Simple:
    """A simple response."""

    def allow(self, authorized: Authorized) -> Answer:
        return {"isAuthorized": True, "context": _context_of(authorized)}

    def deny(self) -> Answer:
        return {"isAuthorized": False}


@dataclass(frozen=True, slots=True)
class Policy:
    """An IAM policy over a whole stage.

    Never narrower, because API Gateway may cache the policy of one route and decide the next route by it; never wider.
    """

    resource: str

    @classmethod
    def over_stage_of(cls, method_arn: str) -> "Policy":
        """Cover the stage of the method that was called, in its partition. The path plays no part.

        Raises Unavailable if that is no method of an API: a policy built from it could mean anything.
        """
        found = _STAGE.match(method_arn)
        if found is None or len(found[1]) + len("/*") > _LONGEST_RESOURCE:
            raise Unavailable("method_arn")
        return cls(found[1] + "/*")

    def allow(self, authorized: Authorized) -> Answer:
        return {**self._answer("Allow", authorized.token.sub), "context": _context_of(authorized)}

    def deny(self) -> Answer:
        """Deny explicitly, so that no other policy of the API can allow it."""
        return self._answer("Deny", NOBODY)

    def _answer(self, effect: str, principal: str) -> Answer:
        statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": self.resource}
        return {"principalId": principal, "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}


Form: TypeAlias = Simple | Policy
"""A way to say yes and no."""


def _context_of(authorized: Authorized) -> dict[str, Any]:
    """Return who is calling, in scalars: API Gateway hands nothing else on from every event."""
    token = authorized.token
    return {
        "sub": token.sub,
        "sid": token.sid,
        "jti": token.jti,
        "ver": token.ver,
        "client_id": token.client_id,
        "auth_time": token.auth_time,
        "scope": token.scope or "",
        "roles": " ".join(authorized.roles or ()),
    }
