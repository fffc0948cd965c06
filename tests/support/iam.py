"""IAM's rules, as far as they go here: a wildcard matches across slashes, a Deny wins. Conditions are not looked at."""

import re
from collections.abc import Iterable, Mapping
from typing import Any


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
    """Say whether one of the statements, which all allow, names the action and, unless it is "*", the resource."""
    return any(
        any(_matches(each.lower(), action.lower()) for each in _listed(statement["Action"]))
        and (resource == "*" or any(_matches(each, resource) for each in _listed(statement["Resource"])))
        for statement in statements
    )


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _matches(pattern: str, arn: str) -> bool:
    wild = "".join({"*": ".*", "?": "."}.get(char) or re.escape(char) for char in pattern)
    return re.fullmatch(wild, arn, re.DOTALL) is not None
