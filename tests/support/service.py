"""The use cases of sessions over any stores, without HTTP: fast enough to be raced by the thousand."""

from dataclasses import dataclass, field

from sallyport.accounts.password import normal
from sallyport.accounts.user import User
from sallyport.errors import AccessRefused, InvalidToken
from sallyport.sessions.issue import IssuedTokens, TokenIssuer
from sallyport.sessions.rotation import opened
from sallyport.sessions.session import Device, SessionStore
from sallyport.tokens.access import AccessTokenVerifier
from sallyport.use_cases.authorize import Authorize, Authorized
from sallyport.use_cases.log_in import Attempt
from sallyport.use_cases.logout import Logout
from sallyport.use_cases.refresh import Refresh
from sallyport.use_cases.strict_mode import Strict
from tests.support.builders import MINUTE, SECOND, WEAK_PASSWORDS, a_session, a_user, an_audit
from tests.support.issuing import ABSOLUTE, access_token_verifier, refresh_token_verifier, token_issuer
from tests.support.logging_in import IDLE, login_over
from tests.support.stopped_time import Time
from tests.support.stores import Stores
from tests.support.tokens import unverified_claims

LEEWAY = MINUTE // SECOND

_PASSWORD = normal("correct horse battery staple")


@dataclass(frozen=True)
class Exchange:
    """A refresh and what it came to: the table's word for it, or the code of its refusal."""

    outcome: str
    tokens: IssuedTokens | None = field(default=None, repr=False)

    @property
    def gen(self) -> int:
        return gen_of(self.refresh_token)

    @property
    def refresh_token(self) -> str:
        assert self.tokens is not None, self.outcome
        return self.tokens.refresh_token


@dataclass(frozen=True)
class Service:
    """Sallyport without its edges: strings in, outcomes out."""

    stores: Stores
    clock: Time = field(default_factory=Time)
    issuer: TokenIssuer = field(default_factory=token_issuer)
    access_verifier: AccessTokenVerifier = field(default_factory=access_token_verifier)

    def new_user(self) -> User:
        user = a_user()
        assert self.stores.accounts.create(user, _hash(), an_audit(user))
        return user

    def log_in(self, user: User) -> IssuedTokens:
        """Log in by password. Takes six calls and a hash: for a session and no more, see `open_session`."""
        log_in = login_over(
            self.stores.accounts,
            self.stores.sessions,
            self.stores.openings,
            self.stores.throttle,
            self.stores.guesses,
            clock=self.clock,
            issuer=self.issuer,
        )
        return log_in(Attempt(user.email, _PASSWORD, Device(ip="192.0.2.1", user_agent="a browser"), "body")).tokens

    def open_session(self, user: User) -> IssuedTokens:
        """Do what a login leads to, without its password."""
        now = self.clock.now
        session = a_session(
            user,
            rotation=opened(self.clock.now_ms),
            created_at=now,
            expires_at=now + ABSOLUTE,
            idle_expires_at=now + IDLE,
        )
        self.stores.keep(session)
        return self.issuer.signer().issue(session, 1, now=now)

    def refresh(self, token: str, sessions: SessionStore | None = None) -> Exchange:
        """Present a refresh token; `sessions` stands in for the store. Raises what no client should ever see."""
        refresh = Refresh(
            verifier=refresh_token_verifier(),
            sessions=sessions or self.stores.sessions,
            revocations=self.stores.revocations,
            issuer=self.issuer,
            leeway_ms=MINUTE,
            idle_seconds=IDLE,
            clock=self.clock,
        )
        try:
            refreshed = refresh(token, "body", "request")
        except AccessRefused as refused:
            return Exchange(refused.code)
        return Exchange(refreshed.outcome, refreshed.tokens)

    def log_out(self, token: str, *, everywhere: bool = False) -> str:
        """Present a refresh token to logout; answers what that did."""
        logout = Logout(
            refresh_tokens=refresh_token_verifier(),
            access_tokens=self.access_verifier,
            sessions=self.stores.sessions,
            revocations=self.stores.revocations,
            clock=self.clock,
        )
        return logout.by_refresh_token(token, "body", "request", everywhere=everywhere).outcome

    def change_password(self, access_token: str) -> IssuedTokens | None:
        """Do what `password/change` leads to, without checking a password. None if something stood in the way.

        The new password is the old one: what counts is that its hash is another.
        """
        try:
            caller = self._authorize(access_token)
        except InvalidToken:
            return None
        user = self.stores.accounts.get(caller.token.sub)
        assert user is not None
        account = self.stores.account(user.email)
        if account.user.token_version != caller.token.ver:
            return None  # it was raised since the token was checked
        now_ms = self.clock()
        changed = self.stores.accounts.change_password(account, caller.token.sid, _hash(), an_audit(user, now_ms))
        if changed is None:
            return None
        return self.issuer.signer().issue(changed, changed.rotation.head, now=now_ms // SECOND)

    def authorizes(self, access_token: str) -> bool:
        """Tell whether an access token passes the strict check."""
        try:
            self._authorize(access_token)
        except InvalidToken:
            return False
        return True

    def _authorize(self, access_token: str) -> Authorized:
        authorize = Authorize(
            verifier=self.access_verifier, mode=Strict(self.stores.sessions, self.clock), clock=self.clock
        )
        return authorize(access_token)


def gen_of(refresh_token: str) -> int:
    return int(unverified_claims(refresh_token)["gen"])


def _hash() -> str:
    return WEAK_PASSWORDS.hash(_PASSWORD)
