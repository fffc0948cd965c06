"""`strict`, apart from the other modes, which load nothing that reads a session."""

from sallyport.clock import Clock
from sallyport.sessions.session import SessionStore
from sallyport.sessions.strict import check_strictly
from sallyport.tokens.access import AccessToken
from sallyport.values import dataclass


@dataclass(frozen=True, slots=True)
class Strict:
    """`strict`: one consistent read per authorization; a revoked access token does not pass again."""

    sessions: SessionStore
    clock: Clock

    def check(self, token: AccessToken) -> tuple[str, ...]:
        _, user = check_strictly(token, sessions=self.sessions, now=self.clock() // 1000)
        return user.roles
