"""Every event of events/ leads to what its name says. tests/runtime asks the same of what `make build` built."""

import pytest

from tests.support.deployed import Stack
from tests.support.outcomes import EVENT_NAMES, OUTCOMES, hold_to_its_name

pytestmark = pytest.mark.only_in_check


@pytest.mark.parametrize("name", EVENT_NAMES)
def test_an_event_leads_to_what_its_name_says(stack: Stack, name: str) -> None:
    hold_to_its_name(stack, name)


def test_no_outcome_is_expected_of_an_event_that_is_gone() -> None:
    assert sorted(OUTCOMES) == EVENT_NAMES
