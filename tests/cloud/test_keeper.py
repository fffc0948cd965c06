"""What a test has started ends with it, however it ends (tests/support/keeper.py)."""

import subprocess
import sys

from dev.sam.template import ROOT

# All of these write to the output that the test reads. So it ends only when the last of them has ended.
GRANDCHILD = "print('runs', flush=True); import time; time.sleep(600)"
CHILD = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {GRANDCHILD!r}])"
PARENT = f"""
import subprocess, sys
keeper = [sys.executable, "-m", "tests.support.keeper", sys.executable, "-c", {CHILD!r}]
subprocess.Popen(keeper, stdin=subprocess.PIPE, start_new_session=True).wait()
"""


def test_whoever_is_killed_leaves_nothing_behind_that_was_started_with_a_keeper() -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    assert parent.stdout.readline() == "runs\n"

    parent.kill()

    left, _ = parent.communicate(timeout=60)
    assert left == ""


def test_a_keeper_ends_with_its_command() -> None:
    command = [sys.executable, "-m", "tests.support.keeper", sys.executable, "-c", "print('ran')"]

    keeper = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    )

    assert keeper.stdout is not None
    assert keeper.stdout.read() == "ran\n"
    assert keeper.wait(timeout=60) != 0
    keeper.stdin.close()  # type: ignore[union-attr]  # it is a pipe
    keeper.stdout.close()
