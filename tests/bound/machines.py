"""Machines, as processes."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict

from tests.bound.environment import Answered, Order


class Process:
    """One machine. It works while others work: first order it, then await its answers."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.bound.environment"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **settings},
        )

    def order(self, order: Order) -> None:
        assert self._process.stdin is not None
        print(json.dumps(asdict(order)), file=self._process.stdin, flush=True)

    def answers(self) -> list[Answered]:
        assert self._process.stdout is not None
        return [Answered(**answered) for answered in json.loads(self._process.stdout.readline())]

    def close(self) -> None:
        self._process.terminate()
        self._process.communicate()


@contextmanager
def processes(count: int, settings: Mapping[str, str]) -> Iterator[list[Process]]:
    with ExitStack() as started:
        machines = [Process(settings) for _ in range(count)]
        for machine in machines:
            started.callback(machine.close)
        yield machines
