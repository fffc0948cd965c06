"""Stores that fail when they are told to."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar, cast

from sallyport.errors import Unavailable
from tests.histories.model import Fault
from tests.support.stores import Stores

_StoreT = TypeVar("_StoreT")

_READS = {"find", "get", "load", "load_all", "of_user"}


class Faults:
    """Lets the calls to some stores fail for a while."""

    def __init__(self) -> None:
        self._fault = Fault.NONE

    @contextmanager
    def happening(self, fault: Fault) -> Iterator[None]:
        self._fault = fault
        try:
            yield
        finally:
            self._fault = Fault.NONE

    def between(self, stores: Stores) -> Stores:
        """Put the faults between stores and whoever calls them."""
        return replace(
            stores,
            accounts=self._around(stores.accounts),
            sessions=self._around(stores.sessions),
            openings=self._around(stores.openings),
            revocations=self._around(stores.revocations),
        )

    def _around(self, store: _StoreT) -> _StoreT:
        return cast("_StoreT", _Failing(store, self))

    def call(self, name: str, method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if self._fault is (Fault.NO_READ if name in _READS else Fault.WRITE_REFUSED):
            raise Unavailable("by a test")
        result = method(*args, **kwargs)
        if self._fault is Fault.ANSWER_LOST and name not in _READS:
            raise Unavailable("by a test")
        return result


class _Failing:
    """Any store, called through faults."""

    def __init__(self, store: object, faults: Faults) -> None:
        self._store = store
        self._faults = faults

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return partial(self._faults.call, name, getattr(self._store, name))
