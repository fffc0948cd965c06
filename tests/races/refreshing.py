"""Parallel refreshes of one token, and what must be true of every one of them.

In every other late race nobody writes before all have read, so that on any machine all but one lose it.
"""

from collections import Counter
from functools import partial
from typing import Any

from sallyport.sessions.rotation import Rotation
from sallyport.sessions.session import SessionStore
from tests.races.arena import Arena, ReadingTogether, at_once
from tests.support.service import LEEWAY, Exchange, Service

READ, WRITE = "BatchGetItem", "UpdateItem"


def race_late(arena: Arena, callers: int, rounds: int) -> None:
    """One rotates, and each of the others recovers a token of its own."""
    service, sessions = arena.service, arena.service.stores.sessions
    user = service.new_user()
    for number in arena.rounds(rounds):
        login = service.open_session(user)
        service.clock.advance(LEEWAY)
        all_lose_but_one = number % 2 == 1

        contested: Any = ReadingTogether(sessions, callers) if all_lose_but_one else sessions
        raced = race(arena, login.refresh_token, callers, contested)

        answers = [answer for answer, _ in raced]
        assert Counter(answer.outcome for answer in answers) == {"rotated": 1, "recovered": callers - 1}
        assert sorted(answer.gen for answer in answers) == list(range(2, callers + 2))
        for answer, calls in raced:
            lost = answer.outcome == "recovered" and len(calls) == 3
            assert calls == [READ, WRITE, WRITE] if lost else calls == [READ, WRITE]
            assert lost or answer.outcome == "rotated" or not all_lose_but_one
        _, session = sessions.load(user.user_id, login.session_id)
        assert session is not None
        assert session.rotation == Rotation(0, 1, 2, callers + 1, rotated_at=service.clock())
        if number % 4 == 1:
            the_first_to_be_used_late_makes_the_others_void(service, answers, used=number % callers)


def the_first_to_be_used_late_makes_the_others_void(service: Service, answers: list[Exchange], used: int) -> None:
    service.clock.advance(LEEWAY)
    newest = service.refresh(answers[used].refresh_token)
    assert newest.outcome == "rotated"

    void = answers[used - 1].refresh_token
    assert service.refresh(void).outcome == "superseded"
    service.clock.advance(LEEWAY)
    assert service.refresh(void).outcome == "invalid_grant"
    assert service.refresh(newest.refresh_token).outcome == "invalid_grant"


def race_quietly(arena: Arena, callers: int, rounds: int) -> None:
    """All converge on the token that they have, and nothing is written."""
    service, sessions = arena.service, arena.service.stores.sessions
    user = service.new_user()
    login = service.open_session(user)
    token = login.refresh_token
    for _ in arena.rounds(rounds):
        service.clock.advance(LEEWAY)
        token = service.refresh(token).refresh_token
        before = sessions.load(user.user_id, login.session_id)
        service.clock.advance(LEEWAY - 1)

        raced = race(arena, token, callers, sessions)

        gen = before[1].rotation.head if before[1] else None
        for answer, calls in raced:
            assert (answer.outcome, answer.gen, calls) == ("converged", gen, [READ])
        assert sessions.load(user.user_id, login.session_id) == before


def race(arena: Arena, token: str, callers: int, sessions: SessionStore) -> list[tuple[Exchange, list[str]]]:
    present = partial(arena.service.refresh, token, sessions)
    return at_once([partial(arena.calls.during, present)] * callers)
