"""Invariants 1 and 3: an honest client is not logged out, and the conditions for it are as weak as they can be."""

from functools import partial
from typing import Any

import pytest

from tests.proof.careful import CarefulWorld, Limits
from tests.proof.patient import PatientWorld
from tests.proof.search import World, explore
from tests.proof.searches import HONEST, Search
from tests.proof.table import read_then_write

REVOKED = "invariant 1: an honest client's session is revoked"
OUTCOMES = ("converged", "rotated", "recovered", "superseded", "replayed", "forged", "but somebody else wrote first")


@pytest.mark.parametrize(
    "search",
    [
        pytest.param(search, id=search.name, marks=pytest.mark.only_in_check if number > 2 else ())
        for number, search in enumerate(HONEST)
    ],
)
def test_an_honest_client_is_never_logged_out(search: Search) -> None:
    report, _ = explore(search.world)

    assert report.counterexample is None
    assert report.closed


def test_a_client_that_does_not_wait_is_logged_out_by_an_exchange_longer_than_the_leeway() -> None:
    report, _ = explore(PatientWorld(waits=False, most_exchanges=2))

    assert report.counterexample is not None
    assert report.counterexample[-1] == REVOKED


@pytest.mark.only_in_check
@pytest.mark.parametrize("limits", [Limits(4, 4, 0), Limits(4, 3, 1), Limits(4, 2, 2), Limits(2, 1, 1)])
def test_an_exchange_and_a_skew_that_together_last_the_leeway_log_a_careful_client_out(limits: Limits) -> None:
    report, _ = explore(CarefulWorld(limits))

    assert report.counterexample is not None
    assert report.counterexample[-1] == REVOKED


@pytest.mark.only_in_check
def test_a_client_that_neither_waits_nor_looks_is_logged_out() -> None:
    report, _ = explore(CarefulWorld(looks=False))

    assert report.counterexample is not None
    assert report.counterexample[-1] == "invariant 1: the client holds 3, which never refreshes again"


def test_a_write_without_its_conditions_logs_an_honest_client_out() -> None:
    unconditional = partial(read_then_write, conditional=False)

    report, _ = explore(CarefulWorld(processing=unconditional, most_exchanges=2))

    assert report.counterexample is not None


@pytest.mark.only_in_check
@pytest.mark.parametrize(
    ("world", "outcomes"),
    [
        (PatientWorld(), {"converged", "rotated", "recovered"}),
        (CarefulWorld(), {"converged", "rotated", "recovered", "superseded"}),
        (
            CarefulWorld(Limits(3, 1, 1), processing=read_then_write, most_exchanges=2),
            {"converged", "rotated", "recovered", "superseded", "but somebody else wrote first"},
        ),
    ],
)
def test_an_honest_client_meets_every_answer_but_a_refusal(world: World[Any], outcomes: set[str]) -> None:
    _, came_from = explore(world)

    told = " ".join(move.words for state in came_from for move in world.moves(state))

    assert {outcome for outcome in OUTCOMES if outcome in told} == outcomes
