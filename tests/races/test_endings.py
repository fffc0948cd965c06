"""R05: refreshes of every kind against everything that ends a session. Afterwards nothing of it works.

In every other round nobody writes before all have read, so that the ending always meets somebody halfway.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeAlias

import pytest

from sallyport.accounts.user import User
from sallyport.sessions.issue import IssuedTokens
from sallyport.sessions.session import Session
from tests.races.arena import Arena, ReadingTogether, at_once
from tests.support.builders import an_audit
from tests.support.logging_in import IDLE
from tests.support.service import LEEWAY, Service, gen_of
from tests.support.tokens import unverified_claims

ROUNDS = 6

late_and_quiet = pytest.mark.parametrize("is_late", [True, False], ids=["late", "quiet"])


@dataclass(frozen=True)
class Family:
    """A session and every token pair of it that anybody has ever been given; `tokens[-1]` is the newest."""

    service: Service
    user: User
    tokens: list[IssuedTokens]

    @property
    def session(self) -> Session:
        _, session = self.service.stores.sessions.load(self.user.user_id, self.tokens[0].session_id)
        assert session is not None
        return session

    def assert_dead(self) -> None:
        """Try every token, the newest first: an older one might end the session by being a replay."""
        before = self.session
        for pair in sorted(self.tokens, key=lambda pair: gen_of(pair.refresh_token), reverse=True):
            assert self.service.refresh(pair.refresh_token).outcome == "invalid_grant"
            assert not self.service.authorizes(pair.access_token)
        assert self.session == before

    def assert_alive(self) -> None:
        """Use the newest token, at once and late."""
        newest = self.tokens[-1]
        assert self.service.authorizes(newest.access_token)
        assert self.service.refresh(newest.refresh_token).outcome == "converged"
        self.service.clock.advance(LEEWAY)
        assert self.service.refresh(newest.refresh_token).outcome == "rotated"


def a_family(service: Service, *, is_late: bool) -> Family:
    """Log in and rotate once, so that there are a parent and a candidate."""
    user = service.new_user()
    login = service.open_session(user)
    service.clock.advance(LEEWAY)
    second = service.refresh(login.refresh_token).tokens
    assert second is not None
    if is_late:
        service.clock.advance(LEEWAY)
    return Family(service, user, [login, second])


Ending: TypeAlias = Callable[[Family], IssuedTokens | None]
"""What may happen to a family; answers the tokens that it gives, if it is of that kind."""


def race(family: Family, *endings: Ending, all_read_first: bool) -> list[IssuedTokens | None]:
    """Refresh twice with each token of a family while its ends are made; answers what those gave.

    What the refreshes were given joins the family.
    """
    presented = [pair.refresh_token for pair in family.tokens] * 2
    gathering = ReadingTogether(family.service.stores.sessions, len(presented) + len(endings))

    def make(ending: Ending) -> IssuedTokens | None:
        if all_read_first:
            gathering.wait()
        return ending(family)

    def present(token: str) -> IssuedTokens | None:
        return family.service.refresh(token, gathering if all_read_first else None).tokens

    makers, presenters = [partial(make, end) for end in endings], [partial(present, token) for token in presented]
    given = at_once([*makers, *presenters])
    family.tokens.extend(pair for pair in given[len(endings) :] if pair is not None)
    return given[: len(endings)]


def log_out(family: Family) -> None:
    family.service.log_out(family.tokens[1].refresh_token)


def log_out_everywhere(family: Family) -> None:
    family.service.log_out(family.tokens[1].refresh_token, everywhere=True)


def raise_version(family: Family) -> None:
    """Do what an operator does to ban somebody."""
    assert family.service.stores.revocations.raise_version(
        family.user.user_id, 1, an_audit(family.user.user_id, family.service.clock())
    )


def change_password(family: Family) -> IssuedTokens | None:
    return family.service.change_password(family.tokens[1].access_token)


@late_and_quiet
@pytest.mark.parametrize("ending", [log_out, log_out_everywhere, raise_version])
def test_r05_after_an_ending_no_token_works(arena: Arena, ending: Ending, is_late: bool) -> None:
    for number in arena.rounds(ROUNDS):
        family = a_family(arena.service, is_late=is_late)
        elsewhere = another_device_of(family)

        race(family, ending, all_read_first=number % 2 == 0)

        family.assert_dead()
        if ending is log_out:
            elsewhere.assert_alive()
        else:
            elsewhere.assert_dead()


@late_and_quiet
def test_r05_after_a_password_change_only_its_own_answer_works(arena: Arena, is_late: bool) -> None:
    for number in arena.rounds(ROUNDS):
        family = a_family(arena.service, is_late=is_late)
        elsewhere = another_device_of(family)

        (changed,) = race(family, change_password, all_read_first=number % 2 == 0)

        family.assert_dead()
        elsewhere.assert_dead()
        assert changed is not None
        assert gen_of(changed.refresh_token) > max(gen_of(pair.refresh_token) for pair in family.tokens)
        replace(family, tokens=[changed]).assert_alive()


@late_and_quiet
@pytest.mark.parametrize("ending", [log_out, log_out_everywhere])
def test_r05_a_logout_beside_a_password_change_leaves_nothing(arena: Arena, ending: Ending, is_late: bool) -> None:
    """Whichever comes first: a logout ends its session whatever version that has by then."""
    for number in arena.rounds(ROUNDS):
        family = a_family(arena.service, is_late=is_late)

        changed, _ = race(family, change_password, ending, all_read_first=number % 2 == 0)

        if changed is not None:
            family.tokens.append(changed)
        family.assert_dead()


@late_and_quiet
def test_r05_of_two_password_changes_at_once_one_happens(arena: Arena, is_late: bool) -> None:
    for number in arena.rounds(ROUNDS):
        family = a_family(arena.service, is_late=is_late)

        both = race(family, change_password, change_password, all_read_first=number % 2 == 0)

        family.assert_dead()
        (changed,) = [pair for pair in both if pair is not None]
        replace(family, tokens=[changed]).assert_alive()


@late_and_quiet
def test_r05_at_the_absolute_end_no_token_works(arena: Arena, is_late: bool) -> None:
    for number in arena.rounds(ROUNDS):
        family = a_family(arena.service, is_late=is_late)
        end = family.service.clock.now + 1
        family.service.stores.keep(replace(family.session, expires_at=end))

        race(family, let_a_second_pass, all_read_first=number % 2 == 0)

        family.assert_dead()


@late_and_quiet
def test_r05_at_the_idle_end_no_token_works_unless_one_was_used_before(arena: Arena, is_late: bool) -> None:
    for number in arena.rounds(ROUNDS):
        family = a_family(arena.service, is_late=is_late)
        end = family.service.clock.now + 1
        family.service.stores.keep(replace(family.session, idle_expires_at=end))

        race(family, let_a_second_pass, all_read_first=number % 2 == 0)

        used_at = [issued_at(pair) for pair in family.tokens if gen_of(pair.refresh_token) > 2]
        assert not used_at or min(used_at) == end - 1
        idle_end = family.session.idle_expires_at
        assert idle_end in {at + IDLE for at in used_at} if used_at else idle_end == end
        family.service.clock.advance(idle_end - family.service.clock.now)
        family.assert_dead()


def let_a_second_pass(family: Family) -> None:
    family.service.clock.advance(1)


def issued_at(pair: IssuedTokens) -> int:
    return int(unverified_claims(pair.access_token)["iat"])


def another_device_of(family: Family) -> Family:
    return replace(family, tokens=[family.service.open_session(family.user)])
