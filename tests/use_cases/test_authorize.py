"""Authorize: what each revocation mode lets pass, and what it asks before it decides."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import pytest

from sallyport.accounts.user import AccountStore, User
from sallyport.errors import InvalidToken, TokenDead, TokenExpired, TokenRejected, Unavailable, WhyDead
from sallyport.revocation.entries import Entry, Revoked, SessionRevoked, TokenRevoked, UserChanged, UserDeleted
from sallyport.revocation.roles import KnownRoles, NoRoles
from sallyport.revocation.window import Pace, Window
from sallyport.sessions.session import Session, SessionStore
from sallyport.use_cases.authorize import Authorize, Bounded, RevocationMode, Stateless
from sallyport.use_cases.strict_mode import Strict
from tests.support.builders import MINUTE, NOW, SECOND
from tests.support.calls import Calls
from tests.support.fakes import Memory
from tests.support.issuing import ACCESS_TOKEN, access_token_of, access_token_verifier, refresh_token_of
from tests.support.tokens import unverified_claims

Happening: TypeAlias = Callable[[Memory, Session, str], None]

PACE = Pace(poll=5 * SECOND, max_staleness=MINUTE, retention=720 * SECOND)


@dataclass
class Entries:
    """The revocation entries that a poll finds."""

    found: list[Entry] = field(default_factory=list)

    def since(self, start_ms: int) -> Iterable[Entry]:
        return self.found


@pytest.fixture
def token(session: Session) -> str:
    return access_token_of(session)


def clock() -> int:
    return NOW * SECOND


def authorizer(mode: RevocationMode, *, now: int = NOW) -> Authorize:
    return Authorize(verifier=access_token_verifier(), mode=mode, clock=lambda: now * SECOND)


def bounded(calls: Calls, *revoked: Revoked, roles: KnownRoles | NoRoles | None = None) -> Bounded:
    entries = calls.to(Entries([Entry(each, NOW + 720) for each in revoked]))
    known = roles or NoRoles()
    return Bounded(Window(entries, PACE, clock, known), known)


MODES = ["stateless", "bounded", "strict"]


@pytest.fixture(params=MODES)
def every_mode(request: pytest.FixtureRequest, calls: Calls, sessions: SessionStore) -> RevocationMode:
    modes: dict[str, RevocationMode] = {
        "stateless": Stateless(),
        "bounded": bounded(calls),
        "strict": Strict(sessions, clock),
    }
    return modes[request.param]


def test_every_mode_lets_a_live_token_pass_and_says_who_calls(
    every_mode: RevocationMode, session: Session, token: str
) -> None:
    authorized = authorizer(every_mode)(token)

    assert (authorized.token.sub, authorized.token.sid) == (session.user_id, session.sid)


def test_no_mode_asks_anything_about_a_token_that_is_not_authentic(
    every_mode: RevocationMode, calls: Calls, token: str
) -> None:
    header, payload, signature = token.split(".")

    with pytest.raises(TokenRejected) as refused:
        authorizer(every_mode)(f"{header}.{payload}.{'A' * len(signature)}")

    assert refused.value.fault == "signature"
    assert calls.made == []


def test_a_refresh_token_is_no_access_token(every_mode: RevocationMode, calls: Calls, session: Session) -> None:
    with pytest.raises(TokenRejected) as refused:
        authorizer(every_mode)(refresh_token_of(session))

    assert refused.value.fault == "typ"
    assert calls.made == []


def test_a_token_passes_until_its_last_second_in_every_mode(every_mode: RevocationMode, token: str) -> None:
    authorizer(every_mode, now=NOW + ACCESS_TOKEN - 1)(token)

    with pytest.raises(TokenExpired):
        authorizer(every_mode, now=NOW + ACCESS_TOKEN)(token)


def test_stateless_lets_a_revoked_token_pass_and_knows_no_roles(memory: Memory, token: str) -> None:
    memory.sessions.clear()
    memory.users.clear()

    assert authorizer(Stateless())(token).roles is None


def test_strict_reads_once_and_knows_the_roles_of_today(
    memory: Memory, calls: Calls, sessions: SessionStore, user: User, token: str
) -> None:
    memory.users[user.user_id] = replace(user, roles=("auditor",))

    assert authorizer(Strict(sessions, clock))(token).roles == ("auditor",)
    assert calls.made == ["load_all"]


def revoke_the_token(memory: Memory, session: Session, token: str) -> None:
    memory.revoked_tokens.add(unverified_claims(token)["jti"])


def disable_the_user(memory: Memory, session: Session, token: str) -> None:
    memory.users[session.user_id] = replace(memory.users[session.user_id], status="disabled")


def delete_the_user(memory: Memory, session: Session, token: str) -> None:
    memory.users.clear()


def delete_the_session(memory: Memory, session: Session, token: str) -> None:
    memory.sessions.clear()


def revoke_the_session(memory: Memory, session: Session, token: str) -> None:
    memory.sessions[session.user_id, session.sid] = replace(session, revoked_at=NOW)


def raise_the_version(memory: Memory, session: Session, token: str) -> None:
    user = memory.users[session.user_id]
    memory.users[session.user_id] = replace(user, token_version=user.token_version + 1)


def let_the_session_idle_out(memory: Memory, session: Session, token: str) -> None:
    memory.sessions[session.user_id, session.sid] = replace(session, idle_expires_at=NOW)


def let_the_session_reach_its_end(memory: Memory, session: Session, token: str) -> None:
    memory.sessions[session.user_id, session.sid] = replace(session, expires_at=NOW)


@pytest.mark.parametrize(
    ("happens", "why"),
    [
        (revoke_the_token, "jti"),
        (disable_the_user, "user"),
        (delete_the_user, "user"),
        (delete_the_session, "session"),
        (revoke_the_session, "revoked"),
        (raise_the_version, "ver"),
        (let_the_session_idle_out, "expired"),
        (let_the_session_reach_its_end, "expired"),
    ],
)
def test_strict_refuses_what_died_before_the_request(
    memory: Memory, sessions: SessionStore, session: Session, token: str, happens: Happening, why: WhyDead
) -> None:
    happens(memory, session, token)

    with pytest.raises(TokenDead) as refused:
        authorizer(Strict(sessions, clock))(token)

    assert refused.value.why == why


def test_strict_lets_nothing_pass_that_it_cannot_ask_about(calls: Calls, sessions: SessionStore, token: str) -> None:
    calls.fail("load_all")

    with pytest.raises(Unavailable):
        authorizer(Strict(sessions, clock))(token)


def test_bounded_refuses_a_token_that_an_entry_is_about(calls: Calls, session: Session, token: str) -> None:
    jti = unverified_claims(token)["jti"]
    about_it: list[tuple[Revoked, WhyDead]] = [
        (TokenRevoked(jti), "jti"),
        (SessionRevoked(session.sid), "revoked"),
        (UserChanged(session.user_id, session.ver + 1), "ver"),
        (UserDeleted(session.user_id), "ver"),
    ]

    for revoked, why in about_it:
        with pytest.raises(TokenDead) as refused:
            authorizer(bounded(calls, revoked))(token)
        assert refused.value.why == why


def test_bounded_lets_a_token_pass_that_no_entry_is_about(calls: Calls, session: Session, token: str) -> None:
    others: list[Revoked] = [
        TokenRevoked("another"),
        SessionRevoked("another"),
        UserChanged(session.user_id, session.ver),
    ]

    assert authorizer(bounded(calls, *others))(token).roles is None


def test_bounded_reads_roles_only_of_a_token_that_is_live(
    calls: Calls, accounts: AccountStore, user: User, session: Session, token: str
) -> None:
    with pytest.raises(InvalidToken):
        authorizer(bounded(calls, SessionRevoked(session.sid), roles=KnownRoles(accounts)))(token)
    assert calls.made == ["since"]

    assert authorizer(bounded(calls, roles=KnownRoles(accounts)))(token).roles == user.roles
    assert calls.made == ["since", "since", "get"]


def test_bounded_lets_nothing_pass_while_it_knows_nothing(calls: Calls, token: str) -> None:
    calls.fail("since")

    with pytest.raises(Unavailable):
        authorizer(bounded(calls))(token)
