"""The bound, measured: how long after its answer a revocation is still unknown, to authorizers of every mode.

Several processes, each a machine with a clock of its own, are asked about tokens while writers, whose clocks differ,
revoke them in every way. Machines freeze for minutes, start anew, and cannot reach the table, or a part of it. Every
single answer is held against the promise (ledger.py): none comes too late, no dead token lives again, no other token
dies. `make prove` does it seventy times as often, and prints what it saw.
"""

from tests.bound.conftest import MakeHistory
from tests.bound.history import History
from tests.support.builders import SECOND


def assert_something_was_seen(history: History) -> None:
    """A history that never saw a revocation late, nor on time, proves nothing."""
    ledger = history.ledger
    for line in ["", *ledger.table(history.revocations)]:
        print(line)
    assert ledger.longest("bounded") > 2 * SECOND
    assert ledger.longest("stateless") > 300 * SECOND
    assert ledger.longest("strict") == 0
    assert all(ledger.verdicts[mode, verdict] > 50 for mode in ledger.asked for verdict in ("allow", "deny"))


def test_every_revocation_bites_within_the_bound_and_for_good(history: MakeHistory, times: int) -> None:
    lived = history(seed=1)
    lived.run(times)

    assert_something_was_seen(lived)


def test_so_does_one_that_is_written_while_authorizers_read(history: MakeHistory, times: int) -> None:
    lived = history(seed=2, at_once=True)
    lived.run(times)

    assert_something_was_seen(lived)


def test_a_clock_that_is_set_back_unnoticed_adds_no_more_than_that_to_the_bound(
    history: MakeHistory, times: int
) -> None:
    lived = history(seed=3, clocks_are_set=True)
    lived.run(times)

    assert_something_was_seen(lived)
