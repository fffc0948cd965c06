"""Classes of sallyport.values are what `dataclasses` would have made of them."""

import copy
import dataclasses
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from sallyport import values
from sallyport.accounts.user import User
from tests.support.builders import a_user


def _made(module: Any) -> dict[str, Any]:
    @module.dataclass(frozen=True, slots=True)
    class Point:
        x: int
        y: int = 2
        secret: str = module.field(default="hidden", repr=False)
        many: list[int] = module.field(default_factory=list)

    @module.dataclass(frozen=True, kw_only=True)
    class Base:
        a: int
        b: str = module.field(default="b", metadata={"read": int})

        def doubled(self) -> int:
            return 2 * self.a

    @module.dataclass(frozen=True, kw_only=True)
    class Other:
        c: int = 3

    @module.dataclass(frozen=True, kw_only=True)
    class Child(Base, Other):
        d: Any = None

    @module.dataclass(frozen=True, slots=True)
    class Checked:
        x: int

        def __post_init__(self) -> None:
            if self.x < 0:
                raise ValueError("negative")

    @module.dataclass(frozen=True, slots=True)
    class Empty:
        pass

    return {made.__name__: made for made in (Point, Base, Other, Child, Checked, Empty)}


OURS, STANDARD = _made(values), _made(dataclasses)

REFUSALS = (AttributeError, TypeError)  # the standard library's depend on whether there are slots

CALLS: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("Point", (1,), {}),
    ("Point", (1, 5, "s", [7]), {}),
    ("Point", (1, 5), {"secret": "s"}),
    ("Point", (), {"many": [1], "secret": "s", "y": 3, "x": 1}),
    ("Point", (), {}),
    ("Point", (), {"y": 3}),
    ("Point", (1, 2, "s", [], 5), {}),
    ("Point", (1,), {"x": 1}),
    ("Point", (1,), {"z": 1}),
    ("Point", (), {"x": 1, "y": 2, "secret": "s", "z": []}),
    ("Child", (), {"a": 1}),
    ("Child", (), {"a": 1, "b": "x", "c": 4, "d": 5}),
    ("Child", (1,), {}),
    ("Child", (), {"a": 1, "e": 1}),
    ("Checked", (1,), {}),
    ("Checked", (-1,), {}),
    ("Checked", (), {"x": -1}),
    ("Empty", (), {}),
    ("Empty", (1,), {}),
]


def _outcome(do: Callable[[], Any]) -> Any:
    try:
        return do()
    except Exception as error:  # noqa: BLE001  # whatever the standard library raises
        return AttributeError if isinstance(error, AttributeError) else type(error)  # FrozenInstanceError is one


@pytest.mark.parametrize(("name", "positional", "named"), CALLS)
def test_a_value_is_made_shown_compared_and_described_likewise(
    name: str, positional: tuple[Any, ...], named: dict[str, Any]
) -> None:
    def told(cls: Any) -> Any:
        value, twin = cls(*positional, **named), cls(*positional, **named)
        return (
            repr(value).rpartition("<locals>.")[2],
            value == twin,
            value != object(),
            _outcome(lambda: hash(value) == hash(twin)),
            _outcome(lambda: setattr(value, "x", 1)) in REFUSALS,
            _outcome(lambda: delattr(value, "x")) in REFUSALS,
            _outcome(lambda: setattr(value, "unknown", 1)) in REFUSALS,
            hasattr(value, "__dict__"),
            cls.__match_args__,
            dataclasses.asdict(value),
            [(each.name, each.repr, dict(each.metadata)) for each in dataclasses.fields(value)],
            copy.deepcopy(value) == value,
            dataclasses.is_dataclass(value),
        )

    assert _outcome(lambda: told(OURS[name])) == _outcome(lambda: told(STANDARD[name]))


def test_our_functions_are_the_standard_librarys() -> None:
    for module, classes in ((values, OURS), (dataclasses, STANDARD)):
        child = classes["Child"](a=1, d=classes["Point"](1, many=[2]))
        changed: Any = module.replace(child, a=2, c=9)

        assert (changed.a, changed.b, changed.c, changed.doubled()) == (2, "b", 9, 4)
        assert module.asdict(changed) == {
            "c": 9, "a": 2, "b": "b", "d": {"x": 1, "y": 2, "secret": "hidden", "many": [2]}
        }  # fmt: skip
        assert [each.name for each in module.fields(child)] == ["c", "a", "b", "d"]
        assert _outcome(lambda: module.replace(child, e=1)) is TypeError  # noqa: B023  # called at once


def test_two_values_do_not_share_what_a_factory_makes() -> None:
    assert OURS["Point"](1).many is not OURS["Point"](1).many


def test_values_of_different_classes_are_never_equal() -> None:
    assert OURS["Base"](a=1) != OURS["Child"](a=1)


def test_the_standard_library_and_pickle_take_our_values() -> None:
    user = a_user()

    assert dataclasses.replace(user, status="disabled") != user
    assert dataclasses.replace(dataclasses.replace(user, status="disabled"), status=user.status) == user
    assert pickle.loads(pickle.dumps(user)) == user  # our own
    assert {each.name for each in dataclasses.fields(User)} == dataclasses.asdict(user).keys()
    match user:
        case User(user_id):
            assert user_id == user.user_id


def test_a_class_that_is_not_frozen_is_refused() -> None:
    with pytest.raises(TypeError, match="frozen"):
        values.dataclass(frozen=False)


def test_a_class_of_the_standard_library_may_extend_ours() -> None:
    further: Any = _extended(OURS["Point"])

    one = further(1, 5, z=7)
    assert (one.x, one.y, one.secret, one.z) == (1, 5, "hidden", 7)
    assert one != further(1, 5)
    with pytest.raises(AttributeError):
        one.x = 2
    assert dataclasses.replace(one, x=3) == further(3, 5, z=7)


def _extended(base: Any) -> type:
    class Further(base):  # type: ignore[misc]  # of a class that is made here
        z: int = 9

    return dataclasses.dataclass(frozen=True, slots=True)(Further)
