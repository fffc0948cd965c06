"""O06: two users, one after another in one execution environment. Nothing of the first is left for the second."""

import copy
from typing import NoReturn

import pytest

from sallyport.aws.dynamodb.table import Table
from sallyport.aws.telemetry import digest
from tests.leaks.canaries import Canaries
from tests.leaks.journey import GOOD, Journey, Route, spoilt
from tests.leaks.places import Places
from tests.leaks.test_log_injection import FIELDS, counts_only_words_of_ours
from tests.support.deployed import Stack
from tests.support.shapes import asked


def _a_bug(*_: object, **__: object) -> NoReturn:
    raise RuntimeError("a bug")


@pytest.mark.parametrize("route", GOOD, ids=" ".join)
def test_o06_nothing_of_a_user_is_left_for_the_next_one_in_the_same_environment(
    stack: Stack, places: Places, monkeypatch: pytest.MonkeyPatch, route: Route
) -> None:
    """The first succeeds, is refused for many reasons and meets a bug. Functions run in one environment here."""
    first, second = Journey(stack, places, Canaries()), Journey(stack, places, Canaries())
    with places.watched():
        for _ in range(2):
            GOOD[route](first)
            for about, event in [*spoilt(first, first.sent[route][-1])][::5]:
                first.send(route, event, about)
            with monkeypatch.context() as broken:
                for call in ("get", "partition", "update", "transact"):
                    broken.setattr(Table, call, _a_bug)
                first.send(route, copy.deepcopy(first.sent[route][-1]), "a bug")
            stack.deployment.mail.drain()
            places.clear()
            GOOD[route](second)
            assert not _names_of(first).standing_in("\n".join(places.said().values()))
            assert all(line.keys() <= FIELDS for line in places.log_lines())
            counts_only_words_of_ours(places)
            first, second = second, first


def _names_of(journey: Journey) -> Canaries:
    """Return all that was planted, and who was logged in, as requests name them and as the log does."""
    named = Canaries(dict(journey.canaries.planted))
    for event in (event for events in journey.sent.values() for event in events):
        claims = event["requestContext"].get("authorizer", {}).get("lambda", {})
        if claims:
            named.plant("session", claims["sub"], claims["sid"], claims["jti"], digest(claims["sid"]))
    return named


def test_o06_an_authorizer_tells_each_caller_from_the_one_before(stack: Stack, journey: Journey) -> None:
    _, _, first = journey.log_in()
    _, _, second = journey.log_in()
    allowed = [stack.authorize(tokens["access_token"]) for tokens in (first, second, first, second)]
    denied = stack.invoke("Authorizer", asked("HTTP API 2.0", f"Bearer {first['access_token']}x"))
    after = stack.authorize(second["access_token"])

    assert denied == {"isAuthorized": False}
    assert allowed[0] == allowed[2] != allowed[1] == allowed[3] == after
    assert allowed[0]["context"]["sub"] != after["context"]["sub"]
