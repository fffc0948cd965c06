"""IAM's rules, as far as they go here: a wildcard matches across slashes, a Deny wins.

No engine here asks a role. So the functions under test are asked by these rules whether AWS would let them
(tests/support/roles.py).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Request:
    """A call as IAM sees it: the action, and the values of every condition key that the service sends along."""

    action: str
    context: Mapping[str, Sequence[str]]


def decision(answer: Mapping[str, Any], method_arn: str) -> str | None:
    """Say what an authorizer's answer, cached or fresh, means for a method: "Allow", "Deny", or None if nothing."""
    document = answer["policyDocument"]
    assert document["Version"] == "2012-10-17"
    effects = {
        statement["Effect"]
        for statement in document["Statement"]
        if statement["Action"] == "execute-api:Invoke" and _matches(statement["Resource"], method_arn)
    }
    return "Deny" if "Deny" in effects else "Allow" if "Allow" in effects else None


def allows(statements: Iterable[Mapping[str, Any]], action: str, resource: str = "*") -> bool:
    """Say whether one of the statements, which all allow, names the action and, unless it is "*", the resource.

    Conditions are not looked at.
    """
    return any(
        any(_matches(each.lower(), action.lower()) for each in listed(statement["Action"]))
        and (resource == "*" or any(_matches(each, resource) for each in listed(statement["Resource"])))
        for statement in statements
    )


def grants(statement: Mapping[str, Any], request: Request) -> bool:
    """Say whether a statement that allows names the action, and whether its conditions hold.

    Resources are not looked at.
    """
    assert statement["Effect"] == "Allow"
    return request.action in listed(statement["Action"]) and all(
        _holds(operator, listed(expected), request.context.get(key))
        for operator, keys in statement.get("Condition", {}).items()
        for key, expected in keys.items()
    )


def _holds(operator: str, expected: Sequence[str], values: Sequence[str] | None) -> bool:
    """Evaluate one condition. Raises NotImplementedError for an operator that our policies did not use so far."""
    match operator:
        case "Null":
            return expected == ["false" if values else "true"]
        case "ForAllValues:StringEquals":
            return all(value in expected for value in values or ())  # true where the key is absent
        case "ForAllValues:StringLike":
            return all(any(_matches(each, value) for each in expected) for value in values or ())
        case "ArnLike":
            return bool(values) and all(any(_matches(each, value) for each in expected) for value in values or ())
        case "StringEquals":
            return values is not None and len(values) == 1 and values[0] in expected
    raise NotImplementedError(operator)


def listed(value: str | list[str]) -> list[str]:
    """Return what a policy writes as one or as many, as many."""
    return [value] if isinstance(value, str) else value


def _matches(pattern: str, arn: str) -> bool:
    wild = "".join({"*": ".*", "?": "."}.get(char) or re.escape(char) for char in pattern)
    return re.fullmatch(wild, arn, re.DOTALL) is not None
