"""What a template refers to. CloudFormation refuses a name that the template does not declare."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

_IN_TEXT = re.compile(r"\$\{([^!}][^}]*)\}")
"""`${Name}` or `${Name.Attribute}` in Fn::Sub. `${!Name}` is plain text."""


def undeclared(template: Mapping[str, Any]) -> list[str]:
    """Return the names that resources and outputs refer to and that no parameter or resource bears, sorted."""
    declared = {*template.get("Parameters", {}), *template["Resources"]}
    named = set(_names([template["Resources"], template.get("Outputs", {})]))
    return sorted(name for name in named - declared if not name.startswith("AWS::"))


def _names(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _names(item)
    elif isinstance(value, Mapping):
        if len(value) == 1:
            ((function, argument),) = value.items()
            yield from _named_by(function, argument)
        for item in value.values():
            yield from _names(item)


def _named_by(function: str, argument: Any) -> Iterator[str]:
    match function, argument:
        case "Ref", str():
            yield argument
        case "Fn::GetAtt", str() | [str(), *_]:
            yield (argument if isinstance(argument, str) else argument[0]).partition(".")[0]
        case "Fn::Sub", str():
            yield from _in_text(argument)
        case "Fn::Sub", [str() as text, dict() as values]:
            yield from (name for name in _in_text(text) if name not in values)


def _in_text(text: str) -> Iterator[str]:
    return (name.strip().partition(".")[0] for name in _IN_TEXT.findall(text))
