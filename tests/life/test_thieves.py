"""A month of thefts: a thief who polls, and one who repeats the stolen token."""

from random import Random
from statistics import median

import pytest

from tests.life import thieves
from tests.life.clients import HOUR
from tests.life.thieves import Choice, Robbed
from tests.life.world import MONTH, USES_PER_DAY, Store, World


@pytest.mark.parametrize("choose", [thieves.the_newest, thieves.the_stolen_one], ids=["polls", "repeats the parent"])
def test_a_thief_is_evicted_by_the_owners_second_move(world: World, choose: Choice, times: int) -> None:
    robbed = Robbed(Store(world))
    world.run(
        [thieves.owner(robbed, Random(5), times * USES_PER_DAY), thieves.thief(robbed, choose, Random(6))],
        MONTH,
    )

    over = [theft for theft in robbed.thefts if theft.evicted_at is not None]
    hours = sorted((theft.evicted_at - theft.stolen_at) / HOUR for theft in over if theft.evicted_at)
    print(
        f"{choose.__name__}: {len(over)} thefts, {sum(theft.successes for theft in over)} good refreshes of the thief,"
        f" evicted after {median(hours):.1f} h (median), {hours[-1]:.1f} h (longest);"
        f" owner logged out {len(robbed.store.logged_out_at)} times"
    )
    assert len(over) >= 10
    assert sum(theft.successes for theft in over) > len(over)
    assert max(theft.moves_at_last_success for theft in robbed.thefts) < 2
