"""Environment variables that differ between functions of one process.

Only for functions of a user's own template, which may read os.environ at any time. Sallyport's functions get theirs as
an argument of `build`. A process for each environment would need no such thing; it would cost each cold start the
imports that the functions of one process share.
"""

import os
from collections.abc import Iterator, Mapping, MutableMapping
from contextvars import ContextVar

running: ContextVar[dict[str, str] | None] = ContextVar("running", default=None)
"""The variables of the function that runs in this thread, if one does. What it sets is its own."""


class _OwnFirst(MutableMapping[str, str]):
    """The process's environment. A running function sees its own variables first."""

    def __init__(self, shared: MutableMapping[str, str]) -> None:
        self._shared = shared

    def __getitem__(self, name: str) -> str:
        own = running.get() or {}
        return own[name] if name in own else self._shared[name]

    def __setitem__(self, name: str, value: str) -> None:
        own = running.get()
        (self._shared if own is None else own)[name] = value

    def __delitem__(self, name: str) -> None:
        own = running.get() or {}
        del (own if name in own else self._shared)[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._shared.keys() | (running.get() or {}).keys())

    def __len__(self) -> int:
        return len(self._shared.keys() | (running.get() or {}).keys())

    def __or__(self, others: Mapping[str, str]) -> dict[str, str]:
        return {**self, **others}

    def __ror__(self, others: Mapping[str, str]) -> dict[str, str]:
        return {**others, **self}

    def copy(self) -> dict[str, str]:
        return dict(self)


def install() -> None:
    """Let running functions find their own variables in os.environ."""
    if not isinstance(os.environ, _OwnFirst):
        os.environ = _OwnFirst(os.environ)  # type: ignore[assignment]  # noqa: B003  # nothing is to be cleared
