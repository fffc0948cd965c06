"""Frozen dataclasses, as the standard library makes them, at a fraction of what those cost a cold start.

`dataclasses` imports `inspect`, and compiles six functions for every class. In a new execution environment of the
authorizer that took as much CPU as a constant handler takes in all (docs/decisions/0014-values.md). Here, classes share
their functions. They behave as those of `dataclasses` do, which a test
compares (tests/unit/test_values.py), and `dataclasses.fields`, `replace` and `asdict` take them.

What no class of ours uses does not exist here: classes that are not frozen, order, `InitVar`, `ClassVar`.
"""

from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # type checkers know the standard library's by heart
    from dataclasses import asdict, dataclass, field, fields, replace

__all__ = ("asdict", "dataclass", "field", "fields", "replace")

_ABSENT: Any = object()
_set = object.__setattr__


class Field:
    """How one field of a class is filled and shown."""

    __slots__ = ("default", "default_factory", "is_kw_only", "metadata", "name", "repr")

    def __init__(self, default: Any, default_factory: Any, metadata: Any, *, is_shown: bool) -> None:
        self.name = ""
        self.default = default
        self.default_factory = default_factory
        self.metadata = metadata or {}
        self.repr = is_shown
        self.is_kw_only = False


def _field(*, default: Any = _ABSENT, default_factory: Any = _ABSENT, repr: bool = True, metadata: Any = None) -> Field:  # noqa: A002
    """Describe a field of a class."""
    return Field(default, default_factory, metadata, is_shown=repr)


def _dataclass(*, frozen: bool, slots: bool = False, kw_only: bool = False) -> Any:
    """Return a decorator that makes a frozen dataclass of a class. With `slots` it is made anew, with `__slots__`."""
    if not frozen:
        raise TypeError("sallyport.values makes frozen classes only")

    def decorate(cls: Any) -> Any:
        own = {name: _described(cls, name, is_kw_only=kw_only) for name in cls.__annotations__}
        found: dict[str, Field] = {}
        for base in reversed(cls.__mro__[1:]):
            found |= {each.name: each for each in vars(base)["__shape__"].fields} if "__shape__" in vars(base) else {}
        found |= own
        if slots:
            cls = _slotted(cls, own.keys())
        cls.__shape__ = _Shape(cls, tuple(found.values()))
        by_position = tuple(each.name for each in found.values() if not each.is_kw_only)
        cls.__match_args__ = by_position  # type: ignore[misc]  # of Any, which mypy takes for the class that was given
        for name, made_later in _STANDARD.items():
            setattr(cls, name, made_later)
        for method in _METHODS:
            if method.__name__ not in vars(cls):
                setattr(cls, method.__name__, method)
        return cls

    return decorate


class _Shape:
    """The fields of a class, and what its methods look up whenever they are called."""

    __slots__ = ("count_by_position", "fields", "is_checked", "known", "names", "read")

    def __init__(self, cls: Any, fields: tuple[Field, ...]) -> None:
        self.fields = fields
        self.names = tuple(each.name for each in fields)
        self.known = frozenset(self.names)
        self.count_by_position = -1 if any(each.is_kw_only for each in fields) else len(fields)
        self.read = attrgetter(*self.names) if fields else _nothing
        self.is_checked = hasattr(cls, "__post_init__")


def _nothing(_value: object) -> tuple[()]:
    return ()


def _described(cls: Any, name: str, *, is_kw_only: bool) -> Field:
    """Return the field of an annotation, and take it from the class."""
    told = vars(cls).get(name, _ABSENT)
    described = told if isinstance(told, Field) else Field(told, _ABSENT, None, is_shown=True)
    described.name = name
    described.is_kw_only = is_kw_only
    if told is described and described.default is _ABSENT:
        delattr(cls, name)
    elif told is described:
        setattr(cls, name, described.default)
    return described


def _slotted(cls: Any, names: Any) -> Any:
    without = {*names, "__dict__", "__weakref__"}
    namespace = {name: value for name, value in vars(cls).items() if name not in without}
    slotted = type(cls)(cls.__name__, cls.__bases__, {**namespace, "__slots__": tuple(names)})
    slotted.__qualname__ = cls.__qualname__
    return slotted


def __init__(self: Any, /, *positional: Any, **named: Any) -> None:  # noqa: N807
    shape = self.__shape__
    if not positional and named.keys() == shape.known:
        for name in shape.names:
            _set(self, name, named[name])
    else:
        if named or len(positional) != shape.count_by_position:
            positional = _arranged(type(self), positional, named)
        for name, value in zip(shape.names, positional, strict=True):
            _set(self, name, value)
    if shape.is_checked:
        self.__post_init__()


def _arranged(cls: Any, positional: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, ...]:
    """Return the values of all fields. Raises TypeError for what is missing, unknown or given twice."""
    if positional and (len(positional) > len(cls.__match_args__) or cls.__shape__.count_by_position < 0):
        if len(positional) > len(cls.__match_args__) or named.keys() & set(cls.__match_args__[: len(positional)]):
            raise TypeError(f"{cls.__qualname__} got too many values, or one twice")
        positional, named = (), {**dict(zip(cls.__match_args__, positional, strict=False)), **named}
    arranged, left = list(positional), len(named)
    for each in cls.__shape__.fields[len(positional) :]:
        if each.name in named:
            arranged.append(named[each.name])
            left -= 1
        else:
            arranged.append(_default(cls, each))
    if left:
        raise TypeError(f"{cls.__qualname__} got a value that it has no field for, or one twice")
    return tuple(arranged)


def _default(cls: Any, described: Field) -> Any:
    if described.default is not _ABSENT:
        return described.default
    if described.default_factory is not _ABSENT:
        return described.default_factory()
    raise TypeError(f"{cls.__qualname__} needs {described.name}")


def __repr__(self: Any) -> str:  # noqa: N807
    shown = (f"{each.name}={getattr(self, each.name)!r}" for each in self.__shape__.fields if each.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"


def __eq__(self: Any, other: object) -> Any:  # noqa: N807
    read = self.__shape__.read
    return read(self) == read(other) if type(other) is type(self) else NotImplemented


def __hash__(self: Any) -> int:  # noqa: N807
    return hash(self.__shape__.read(self))


def __setattr__(_self: Any, name: str, _value: object) -> None:  # noqa: N807
    raise AttributeError(f"cannot assign to field {name!r}")


def __delattr__(_self: Any, name: str) -> None:  # noqa: N807
    raise AttributeError(f"cannot delete field {name!r}")


def __reduce__(self: Any) -> Any:  # noqa: N807
    return _restored, (type(self), tuple(getattr(self, name) for name in self.__shape__.names))


def _restored(cls: Any, values: tuple[Any, ...]) -> Any:
    """Make a copy, or what was pickled."""
    value = object.__new__(cls)
    for name, held in zip(cls.__shape__.names, values, strict=True):
        _set(value, name, held)
    return value


_METHODS = (__init__, __repr__, __eq__, __hash__, __setattr__, __delattr__, __reduce__)


class _Standard:
    """What `dataclasses` looks for in a class, or in one that it extends: made when it does."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, _instance: object, cls: Any) -> Any:
        import dataclasses  # noqa: PLC0415  # functions do without

        described = []
        for each in cls.__shape__.fields:
            default = {} if each.default is _ABSENT else {"default": each.default}
            factory = {} if each.default_factory is _ABSENT else {"default_factory": each.default_factory}
            told = dataclasses.field(
                **default, **factory, repr=each.repr, metadata=each.metadata, kw_only=each.is_kw_only
            )
            described.append((each.name, Any, told))
        standard: Any = dataclasses.make_dataclass(cls.__name__, described, frozen=True)
        for name in _STANDARD:
            setattr(cls, name, getattr(standard, name))
        return getattr(cls, self._name)


_STANDARD = {name: _Standard(name) for name in ("__dataclass_fields__", "__dataclass_params__")}


def _replace(value: Any, /, **changes: Any) -> Any:
    """Return a copy in which some fields differ."""
    return type(value)(**{name: getattr(value, name) for name in value.__shape__.names} | changes)


def _asdict(value: Any) -> dict[str, Any]:
    """Return the fields by name, and those of a value in them likewise."""
    held = {name: getattr(value, name) for name in value.__shape__.names}
    return {name: _asdict(each) if hasattr(each, "__shape__") else each for name, each in held.items()}


def _fields(cls: Any) -> tuple[Field, ...]:
    """Return the fields of a class, those of its bases first."""
    found: tuple[Field, ...] = cls.__shape__.fields
    return found


if not TYPE_CHECKING:
    asdict, dataclass, field, fields, replace = _asdict, _dataclass, _field, _fields, _replace
