"""What a use case asks of its collaborators: every call in its order, and which calls fail."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from sallyport.errors import Unavailable

T = TypeVar("T")


@dataclass
class Calls:
    """Hears the calls to the fakes that it was given. `made` are the names of the methods, the first call first."""

    made: list[str] = field(default_factory=list)
    failing: set[str] = field(default_factory=set)

    def to(self, fake: T) -> T:
        """Return the fake, with every call to it noted. A method named in `failing` raises Unavailable instead."""
        return cast("T", _Heard(fake, self))

    def fail(self, *methods: str) -> None:
        """Let calls to these methods fail from now on, as if infrastructure were down."""
        self.failing.update(methods)


class _Heard:
    def __init__(self, fake: object, calls: Calls) -> None:
        self._fake = fake
        self._calls = calls

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._fake, name)

        def call(*arguments: Any, **named: Any) -> Any:
            self._calls.made.append(name)
            if name in self._calls.failing:
                raise Unavailable("by a test")
            return method(*arguments, **named)

        return call
