"""CloudFormation's functions, of which samtranslator resolves only Ref, Fn::Sub and Fn::GetAtt of what it knows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

_NO_VALUE = {"Ref": "AWS::NoValue"}


@dataclass(frozen=True)
class Scope:
    """What a template's functions may refer to: its conditions, attributes ("Name.Arn"), other stacks' exports."""

    conditions: Mapping[str, Any]
    attributes: Mapping[str, str]
    exports: Mapping[str, str]

    def resolve(self, value: Any) -> Any:
        """Resolve what has a meaning here, leave the rest as it stands, and drop what is AWS::NoValue."""
        if isinstance(value, list):
            return [item for item in map(self.resolve, value) if item != _NO_VALUE]
        if not isinstance(value, dict):
            return value
        if value.keys() == {"Fn::If"}:
            condition, then, otherwise = value["Fn::If"]
            return self.resolve(then if self.holds(self.conditions[condition]) else otherwise)
        resolved = {name: item for name, item in ((n, self.resolve(i)) for n, i in value.items()) if item != _NO_VALUE}
        ((name, argument),) = resolved.items() if len(resolved) == 1 else [("", None)]
        return _FUNCTIONS[name](self, argument, resolved) if name in _FUNCTIONS else resolved

    def holds(self, condition: Any) -> bool:
        """Evaluate a condition function. Raises KeyError for one that does not exist."""
        ((name, argument),) = condition.items()
        match name:
            case "Condition":
                return self.holds(self.conditions[argument])
            case "Fn::Not":
                return not self.holds(argument[0])
            case "Fn::And":
                return all(map(self.holds, argument))
            case "Fn::Or":
                return any(map(self.holds, argument))
        left, right = (str(self.resolve(side)) for side in condition["Fn::Equals"])
        return left == right


def _attribute(scope: Scope, argument: Any, unresolved: Any) -> Any:
    return scope.attributes.get(".".join(map(str, argument)), unresolved)


def _import(scope: Scope, argument: Any, unresolved: Any) -> Any:
    return scope.exports.get(argument, unresolved) if isinstance(argument, str) else unresolved


def _split(_scope: Scope, argument: Any, unresolved: Any) -> Any:
    separator, text = argument
    return text.split(separator) if isinstance(text, str) else unresolved


def _join(_scope: Scope, argument: Any, unresolved: Any) -> Any:
    separator, parts = argument
    return unresolved if any(isinstance(part, dict) for part in parts) else separator.join(map(str, parts))


def _select(_scope: Scope, argument: Any, unresolved: Any) -> Any:
    index, items = argument
    return items[int(index)] if isinstance(items, list) else unresolved


def _substitute(_scope: Scope, argument: Any, unresolved: Any) -> Any:
    if isinstance(argument, str):
        return unresolved if "${" in argument else argument
    text, values = argument
    for name, value in values.items():
        if isinstance(value, str):
            text = text.replace(f"${{{name}}}", value)
    return unresolved if "${" in text else text


_FUNCTIONS: Mapping[str, Callable[[Scope, Any, Any], Any]] = {
    "Fn::GetAtt": _attribute,
    "Fn::ImportValue": _import,
    "Fn::Join": _join,
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::Sub": _substitute,
}
