"""Simpler rules break, each in the way that it is known for, so the searches can see what they look for."""

import pytest

from tests.proof.rule import Rule
from tests.proof.search import EVERY_INVARIANT, explore
from tests.proof.thief import TheftWorld
from tests.proof.variants import (
    VARIANTS,
    Variant,
    one_step_behind_always,
    share_one_successor,
    spares_a_copy,
)

LAST_LINES = [
    "the thief's 4 is processed quiet: rotated, answer 6",
    "invariant 1: an honest client's session is revoked",
    "invariant 1: the client holds 2, which never refreshes again",
    "invariant 1: an honest client's session is revoked",
    "the owner's 4 is processed late: rotated, answer 5",
]


@pytest.mark.only_in_check
@pytest.mark.parametrize(
    ("variant", "last_line"), list(zip(VARIANTS, LAST_LINES, strict=True)), ids=[variant.name for variant in VARIANTS]
)
def test_a_simpler_rule_breaks(variant: Variant, last_line: str) -> None:
    story = variant.story()

    assert story is not None
    assert story[-1] == last_line


@pytest.mark.parametrize("rule", [one_step_behind_always, share_one_successor])
def test_under_a_rule_that_shares_for_ever_a_copy_outlives_what_should_have_killed_it(rule: Rule) -> None:
    assert spares_a_copy(rule) is not None


def test_sharing_one_successor_hands_one_client_the_token_of_another() -> None:
    report, _ = explore(TheftWorld(share_one_successor, most_exchanges=1), invariants=EVERY_INVARIANT)

    assert report.counterexample is not None
    assert report.counterexample[-1] == "invariant 3: 1 is answered 2, which has been given before"
