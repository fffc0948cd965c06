"""The work that a request makes: what it asks of AWS, what it is told, and which hashes it computes."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from argon2 import PasswordHasher, extract_parameters

from tests.support.wire import Exchange, Wire


@dataclass(frozen=True)
class Work:
    """Calls in their order, the keys read and the items found by them, and the memory of each hash, in their order.

    `sent` and `told` are the bytes of all calls and of their answers.
    """

    calls: tuple[str, ...]
    keys: int
    items: int
    hashes: tuple[int, ...]
    sent: int = field(compare=False)
    told: int = field(compare=False)


class Workbook:
    """Notes the work of one request after another."""

    def __init__(self, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
        self._wire = wire
        self._hashes: list[int] = []
        for name in ("hash", "verify"):
            monkeypatch.setattr(PasswordHasher, name, self._noted(getattr(PasswordHasher, name)))

    @contextmanager
    def page(self) -> Iterator[list[Work]]:
        """Note what happens meanwhile. The list holds it at the end."""
        noted: list[Work] = []
        self._wire.reset()
        self._hashes.clear()
        yield noted
        exchanges = list(self._wire.exchanges)
        noted.append(
            Work(
                calls=tuple(self._wire.calls),
                keys=sum(map(_keys, exchanges)),
                items=sum(map(_items, exchanges)),
                hashes=tuple(sorted(self._hashes)),
                sent=sum(len(each.asked) for each in exchanges),
                told=sum(len(each.answered) for each in exchanges),
            )
        )

    def _noted(self, compute: Callable[..., Any]) -> Callable[..., Any]:
        def computed(hasher: PasswordHasher, *arguments: Any) -> Any:
            is_verified = len(arguments) > 1
            self._hashes.append(extract_parameters(arguments[0]).memory_cost if is_verified else hasher.memory_cost)
            return compute(hasher, *arguments)

        return computed


def _keys(exchange: Exchange) -> int:
    if exchange.operation != "BatchGetItem":
        return 0
    return sum(len(asked["Keys"]) for asked in json.loads(exchange.asked)["RequestItems"].values())


def _items(exchange: Exchange) -> int:
    if exchange.operation != "BatchGetItem":
        return 0
    return sum(map(len, json.loads(exchange.answered)["Responses"].values()))
