"""`bounded`: when an environment asks, what it then knows, and what it does when it cannot."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sallyport.accounts.user import User
from sallyport.errors import InvalidToken, Unavailable
from sallyport.revocation.entries import (
    Entry,
    Revoked,
    SessionRevoked,
    TokenRevoked,
    UserChanged,
    UserDeleted,
    retention,
)
from sallyport.revocation.roles import KnownRoles
from sallyport.revocation.window import OVERLAP_MS, PAUSE_MS, Pace, Window
from sallyport.tokens.access import AccessToken
from sallyport.tokens.claims import MAX_INTEGER
from sallyport.use_cases.authorize import Bounded
from tests.support.builders import MINUTE, NOW, SECOND, a_token, a_user
from tests.support.fakes import FakeAccounts, Memory

START = NOW * SECOND
POLL = 5 * SECOND
RETENTION = retention(600)
PACE = Pace(poll=POLL, max_staleness=MINUTE, retention=RETENTION * SECOND)


@dataclass
class FakeEntries:
    """Entries by the time that their writers wrote on them. Fails when told to, also in the middle of an answer."""

    written: list[tuple[int, Entry]] = field(default_factory=list)
    asked_since: list[int] = field(default_factory=list)
    is_down: bool = False
    breaks_after: int | None = None

    def add(self, revoked: Revoked, at: int) -> None:
        self.written.append((at, Entry(revoked, at // SECOND + RETENTION)))

    def since(self, start_ms: int) -> Iterator[Entry]:
        self.asked_since.append(start_ms)
        if self.is_down:
            raise Unavailable
        for number, (at, entry) in enumerate(self.written):
            if number == self.breaks_after:
                raise Unavailable
            if at >= start_ms:
                yield entry


class Reads(FakeAccounts):
    """Users by their id, and which of them were read."""

    def __init__(self, users: dict[str, User], reads: list[str]) -> None:
        super().__init__(Memory(users=users))
        self._reads = reads

    def get(self, user_id: str) -> User | None:
        self._reads.append(user_id)
        return super().get(user_id)


@dataclass
class Environment:
    """One environment, its entries and its clock."""

    entries: FakeEntries = field(default_factory=FakeEntries)
    now: int = START

    def __post_init__(self) -> None:
        self.users: dict[str, User] = {}
        self.reads: list[str] = []
        self.roles = KnownRoles(Reads(self.users, self.reads), most=3)
        self.window = Window(self.entries, PACE, lambda: self.now, self.roles)

    def told(self, token: AccessToken) -> tuple[str, ...]:
        """What the context says of the roles of a token's user."""
        roles = Bounded(self.window, self.roles).check(token)
        assert roles is not None
        return roles

    def verdict(self, token: AccessToken) -> str:
        try:
            self.window.require_live(token)
        except InvalidToken as error:
            return error.reason
        except Unavailable:
            return "unavailable"
        return "live"

    def asks(self, token: AccessToken) -> int:
        """How many polls a request takes."""
        before = len(self.entries.asked_since)
        self.verdict(token)
        return len(self.entries.asked_since) - before


@pytest.fixture
def environment() -> Environment:
    return Environment()


TOKEN = a_token()


def test_the_first_request_loads_all_that_a_token_could_outlive(environment: Environment) -> None:
    environment.entries.add(SessionRevoked("sid"), START - RETENTION * SECOND + SECOND)
    environment.entries.add(UserChanged("other", 3), START - MINUTE)

    assert environment.verdict(TOKEN) == "revoked"
    assert environment.verdict(a_token("s", "other", 2)) == "ver"
    assert environment.verdict(a_token("s", "other", 3)) == "live"
    assert environment.entries.asked_since == [START - RETENTION * SECOND]


@pytest.mark.parametrize(("later", "asks"), [(0, 0), (POLL - 1, 0), (POLL, 1), (MINUTE, 1)])
def test_it_asks_again_when_the_last_poll_began_five_seconds_ago(
    environment: Environment, later: int, asks: int
) -> None:
    environment.verdict(TOKEN)
    environment.now += later

    assert environment.asks(TOKEN) == asks
    assert environment.asks(TOKEN) == 0


def test_a_poll_asks_for_what_was_written_since_ninety_seconds_before_the_last_one_began(
    environment: Environment,
) -> None:
    environment.verdict(TOKEN)
    environment.entries.add(SessionRevoked("sid"), START + 4 * SECOND)  # written by a clock that is far ahead
    for _ in range(2):
        environment.now += POLL
        environment.verdict(TOKEN)

    assert environment.entries.asked_since[1:] == [START - OVERLAP_MS, START + POLL - OVERLAP_MS]


def test_a_revocation_bites_with_the_next_poll(environment: Environment) -> None:
    assert environment.verdict(TOKEN) == "live"
    environment.entries.add(SessionRevoked("sid"), START + 1)

    environment.now += POLL - 1
    assert environment.verdict(TOKEN) == "live"
    environment.now += 1
    assert environment.verdict(TOKEN) == "revoked"


@pytest.mark.parametrize("skew", [-OVERLAP_MS, OVERLAP_MS])
def test_writers_whose_clocks_differ_by_the_overlap_are_heard(environment: Environment, skew: int) -> None:
    environment.verdict(TOKEN)
    environment.entries.add(SessionRevoked("sid"), START + skew)
    environment.now += POLL

    assert environment.verdict(TOKEN) == "revoked"


def test_while_polls_fail_it_goes_on_for_a_minute_trying_once_a_second_and_then_says_so(
    environment: Environment,
) -> None:
    environment.entries.add(SessionRevoked("dead"), START)
    environment.verdict(TOKEN)
    environment.entries.is_down = True

    environment.now += POLL
    assert environment.asks(TOKEN) == 1
    environment.now += PAUSE_MS - 1
    assert environment.asks(TOKEN) == 0
    environment.now += 1
    assert environment.asks(TOKEN) == 1
    environment.now = START + MINUTE
    assert environment.verdict(TOKEN) == "live"
    assert environment.verdict(a_token("dead")) == "revoked"
    environment.now += 1
    assert environment.verdict(TOKEN) == "unavailable"
    assert environment.verdict(a_token("dead")) == "unavailable"


def test_it_recovers_by_itself_and_has_missed_nothing(environment: Environment) -> None:
    environment.verdict(TOKEN)
    environment.entries.is_down = True
    environment.now += 2 * MINUTE
    assert environment.verdict(TOKEN) == "unavailable"
    environment.entries.add(SessionRevoked("sid"), START + POLL)

    environment.entries.is_down = False
    assert environment.verdict(a_token("other")) == "unavailable"  # it has just asked
    environment.now += PAUSE_MS
    assert environment.verdict(a_token("other")) == "live"
    assert environment.verdict(TOKEN) == "revoked"


def test_a_first_load_that_fails_lets_nobody_in(environment: Environment) -> None:
    environment.entries.is_down = True

    assert environment.verdict(TOKEN) == "unavailable"
    assert environment.asks(TOKEN) == 0
    environment.entries.is_down = False
    environment.now += PAUSE_MS
    assert environment.verdict(TOKEN) == "live"


def test_half_a_load_is_none(environment: Environment) -> None:
    for sid in ("a", "sid"):
        environment.entries.add(SessionRevoked(sid), START)
    environment.entries.breaks_after = 1

    assert environment.verdict(TOKEN) == "unavailable"
    environment.now += PAUSE_MS
    environment.entries.breaks_after = None
    assert environment.verdict(TOKEN) == "revoked"
    assert environment.entries.asked_since[1] == environment.now - RETENTION * SECOND


@pytest.mark.parametrize("jump", [-1, -3600 * SECOND, RETENTION * SECOND + 1])
def test_after_a_jump_of_the_clock_it_loads_everything_anew(environment: Environment, jump: int) -> None:
    environment.verdict(TOKEN)
    environment.now += 2 * SECOND
    environment.verdict(TOKEN)
    environment.now += jump
    if jump > 0:
        environment.now -= 2 * SECOND
    environment.entries.add(SessionRevoked("sid"), environment.now - RETENTION * SECOND + SECOND)

    assert environment.verdict(TOKEN) == "revoked"
    assert environment.entries.asked_since[1:] == [environment.now - RETENTION * SECOND]


def test_a_jump_back_while_polls_fail_asks_at_once(environment: Environment) -> None:
    environment.entries.is_down = True
    environment.verdict(TOKEN)
    environment.now -= 3600 * SECOND

    assert environment.asks(TOKEN) == 1


def test_one_revoked_token_leaves_the_others_of_its_session_alive(environment: Environment) -> None:
    environment.entries.add(TokenRevoked(TOKEN.jti), START)

    assert environment.verdict(TOKEN) == "jti"
    assert environment.verdict(a_token(TOKEN.sid, TOKEN.sub)) == "live"


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_user_who_is_deleted_stays_revoked_whatever_else_is_heard_of_them(
    environment: Environment, order: tuple[int, int]
) -> None:
    about_them: list[Revoked] = [UserDeleted("sub"), UserChanged("sub", 2)]
    for number in order:
        environment.entries.add(about_them[number], environment.now)
        environment.verdict(TOKEN)
        environment.now += POLL

    assert environment.verdict(a_token(ver=2)) == environment.verdict(a_token(ver=MAX_INTEGER)) == "ver"


@given(st.permutations([2, 5, 3]), st.integers(1, 6))
def test_of_a_user_the_highest_version_counts_in_whatever_order_it_is_heard(order: list[int], ver: int) -> None:
    environment = Environment()
    for number, raised in enumerate(order):
        environment.entries.add(UserChanged("sub", raised), START + number)
        environment.verdict(TOKEN)
        environment.now += POLL

    assert environment.verdict(a_token(ver=ver)) == ("ver" if ver < 5 else "live")


def test_it_forgets_what_no_token_can_outlive(environment: Environment) -> None:
    for number in range(100):
        environment.entries.add(SessionRevoked(f"s{number}"), START)
        environment.entries.add(UserChanged(f"u{number}", 2), START)
        environment.entries.add(TokenRevoked(f"t{number}"), START)
    environment.verdict(TOKEN)
    window = environment.window
    assert (len(window._tokens), len(window._sessions), len(window._users)) == (100, 100, 100)
    environment.entries.written.clear()

    while environment.now < START + (RETENTION + 60) * SECOND:
        environment.now += MINUTE
        environment.verdict(TOKEN)

    assert (window._tokens, window._sessions, window._users) == ({}, {}, {})


def test_a_clock_that_was_ahead_for_a_while_does_not_stop_it_from_forgetting(environment: Environment) -> None:
    environment.now += 24 * 3600 * SECOND
    environment.verdict(TOKEN)
    environment.now = START
    environment.entries.add(SessionRevoked("sid"), START)
    environment.verdict(TOKEN)
    environment.entries.written.clear()

    environment.now += (RETENTION + 60) * SECOND
    environment.verdict(TOKEN)

    assert environment.window._sessions == {}


def test_roles_are_read_once_until_an_entry_about_their_user_arrives(environment: Environment) -> None:
    environment.users["sub"] = a_user(roles=("reader",))
    for _ in range(3):
        assert environment.told(TOKEN) == ("reader",)
    assert environment.reads == ["sub"]

    environment.users["sub"] = a_user(roles=("admin",))
    environment.entries.add(UserChanged("other", 1), environment.now)
    environment.now += POLL
    assert environment.told(TOKEN) == ("reader",)
    environment.entries.add(UserChanged("sub", 1), environment.now)  # a change of roles raises no version
    environment.now += POLL
    assert environment.told(TOKEN) == ("admin",)


def test_after_a_long_freeze_roles_are_read_anew(environment: Environment) -> None:
    environment.users["sub"] = a_user(roles=("reader",))
    environment.told(TOKEN)
    environment.users["sub"] = a_user(roles=())
    environment.now += RETENTION * SECOND + 1

    assert environment.told(TOKEN) == ()


@pytest.mark.parametrize(
    ("user", "reason"), [(None, "user"), ({"status": "disabled"}, "user"), ({"token_version": 2}, "ver")]
)
def test_whoever_turns_out_to_be_dead_when_their_roles_are_read_gets_nowhere(
    environment: Environment, user: dict[str, object] | None, reason: str
) -> None:
    if user is not None:
        environment.users["sub"] = a_user(**user)

    for _ in range(2):
        with pytest.raises(InvalidToken) as refused:
            environment.told(TOKEN)
        assert refused.value.reason == reason


def test_a_token_that_a_reading_has_shown_to_be_dead_stays_dead_after_a_newer_one_was_seen(
    environment: Environment,
) -> None:
    """Before the entry arrives: nothing but the reading knows."""
    environment.users["sub"] = a_user(token_version=2, roles=("reader",))
    newer = a_token(ver=2)
    for token in (TOKEN, newer, TOKEN):
        if token is newer:
            assert environment.told(token) == ("reader",)
            continue
        with pytest.raises(InvalidToken, match="ver"):
            environment.told(token)
    assert environment.reads == ["sub"]


def test_a_token_newer_than_what_is_known_of_its_user_reads_them_again(environment: Environment) -> None:
    environment.users["sub"] = a_user(roles=("reader",))
    environment.told(TOKEN)
    environment.users["sub"] = a_user(token_version=2, roles=("admin",))

    assert environment.told(a_token(ver=2)) == ("admin",)
    assert environment.reads == ["sub", "sub"]


def test_of_many_users_the_last_seen_are_kept(environment: Environment) -> None:
    for sub in ("a", "b", "c", "d"):
        environment.users[sub] = a_user()
        environment.told(a_token(sub=sub))
    environment.reads.clear()

    for sub in ("b", "c", "d", "a"):
        environment.told(a_token(sub=sub))
    assert environment.reads == ["a"]


steps = st.lists(
    st.tuples(
        st.sampled_from(["ask", "ask", "ask", "revoke", "freeze", "fail", "heal"]),
        st.integers(0, 20 * SECOND),
        st.integers(-20 * SECOND, 20 * SECOND),
    ),
    max_size=40,
)


@given(steps)
def test_no_revocation_takes_longer_than_the_bound_and_none_is_forgotten(history: list[tuple[str, int, int]]) -> None:
    """Requests, frozen hours, failures, and writers with other clocks, in any order."""
    environment = Environment()
    revoked: dict[str, int] = {}
    bitten: set[str] = set()
    failed_at = 0
    for what, passing, skew in history:
        environment.now += passing
        if environment.entries.is_down:
            failed_at = environment.now
        match what:
            case "revoke":
                environment.entries.add(SessionRevoked(f"s{len(revoked)}"), environment.now + skew)
                revoked[f"s{len(revoked)}"] = environment.now
            case "freeze":
                environment.now += 3600 * SECOND
            case "fail" | "heal":
                environment.entries.is_down = what == "fail"
            case _:
                bound = POLL if environment.now - failed_at > PAUSE_MS else MINUTE
                for sid, revoked_at in revoked.items():
                    age = environment.now - revoked_at
                    verdict = environment.verdict(a_token(sid))
                    if verdict == "live" and age < 600 * SECOND:  # a token could still be accepted
                        assert age <= bound
                        assert sid not in bitten
                    if verdict == "revoked":
                        bitten.add(sid)
