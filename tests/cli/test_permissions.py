"""The policy in docs/cli.md: enough for every command, and no more than they use together."""

import json
import re
import threading
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from botocore.client import BaseClient

from sallyport.accounts.user import User
from tests.cli.conftest import KeyStack
from tests.cli.operating import done
from tests.support.deployed import PASSWORD, Stack

pytestmark = pytest.mark.only_in_check

PAGE = Path(__file__).parent.parent.parent / "docs/cli.md"
LOOKING = ["FindTheStack", "ReadUsersAndSessions", "ListSessionsAndKeys", "ReadAuditTrail"]

Use = tuple[str, str | None, str]
"""An action; of the table's, the partition key that it touches; of a scan, the attributes that it names."""


@pytest.fixture
def used(monkeypatch: pytest.MonkeyPatch) -> list[Use]:
    """All that the command asks of AWS, as IAM sees it. Functions ask in threads of their own."""
    uses: list[Use] = []
    here = threading.get_ident()
    call = BaseClient._make_api_call  # type: ignore[attr-defined]  # botocore's own, which the stubs leave out

    def noted(client: Any, operation: str, parameters: Mapping[str, Any]) -> Any:
        if threading.get_ident() == here:
            uses.extend(as_iam_sees(client.meta.service_model.service_name, operation, parameters))
        return call(client, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", noted)
    return uses


def as_iam_sees(service: str, operation: str, parameters: Mapping[str, Any]) -> Iterator[Use]:
    match operation:
        case "Scan":
            assert parameters["Select"] == "SPECIFIC_ATTRIBUTES"
            yield from (("dynamodb:Scan", None, name) for name in parameters["ExpressionAttributeNames"].values())
        case "GetCallerIdentity":  # which nobody needs a permission for
            yield from ()
        case "Invoke":
            yield "lambda:InvokeFunction", None, ""
        case _ if service == "dynamodb":
            uses = [(f"dynamodb:{action}", key, "") for action, key in touched(operation, parameters)]
            assert uses, f"which keys does {operation} touch?"
            yield from uses
        case _:
            yield f"{service}:{operation}", None, ""


def touched(operation: str, parameters: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Find the partition keys that a call touches, and with which action."""
    for write in parameters.get("TransactItems", []):
        ((kind, what),) = write.items()
        yield f"{kind}Item", what.get("Item", what.get("Key"))["PK"]["S"]
    for requests in parameters.get("RequestItems", {}).values():
        keys = requests["Keys"] if operation == "BatchGetItem" else [each["DeleteRequest"]["Key"] for each in requests]
        yield from ((operation, key["PK"]["S"]) for key in keys)
    if operation == "Query":
        yield operation, parameters["ExpressionAttributeValues"][":pk"]["S"]
    if operation == "UpdateItem":
        yield operation, parameters["Key"]["PK"]["S"]


def statements() -> list[dict[str, Any]]:
    (policy,) = re.findall(r"```json\n(.*?)```", PAGE.read_text(), re.DOTALL)
    found: list[dict[str, Any]] = json.loads(policy)["Statement"]
    return found


def prefixes(statement: Mapping[str, Any]) -> list[str] | None:
    condition = statement.get("Condition", {}).get("ForAllValues:StringLike", {})
    return condition.get("dynamodb:LeadingKeys")  # type: ignore[no-any-return]


def attributes(statement: Mapping[str, Any]) -> list[str] | None:
    condition = statement.get("Condition", {}).get("ForAllValues:StringEquals", {})
    return condition.get("dynamodb:Attributes")  # type: ignore[no-any-return]


def allows(statement: Mapping[str, Any], use: Use) -> bool:
    action, key, attribute = use
    known, named = prefixes(statement), attributes(statement)
    return (
        statement["Action"] == action
        and (known is None or any(fnmatchcase(key or "", each) for each in known))
        and (named is None or attribute in named)
    )


def look(stack: Stack, user: User) -> None:
    tokens = stack.log_in(user).body
    done("user", "show", user.email)
    done("user", "roles", user.user_id)
    done("session", "list", user.email)
    done("token", "inspect", typed=tokens["access_token"])
    done("token", "inspect", typed=tokens["refresh_token"])
    done("keys", "list")
    done("audit", user.email)


def change(stack: Stack, user: User, key_stack: KeyStack) -> None:
    tokens = stack.log_in(user).body
    done("token", "revoke", typed=tokens["access_token"])
    done("session", "revoke", user.email, tokens["session_id"])
    done("session", "revoke", user.email, tokens["session_id"])
    done("user", "roles", user.email, "--add", "admin")
    done("user", "revoke", user.email)
    done("user", "disable", user.email)
    done("user", "enable", user.email)
    done("user", "set-password", user.email, "--password-stdin", typed=PASSWORD)
    stack.log_in(user)
    done("user", "create", f"x{user.email}", "--password-stdin", typed=PASSWORD)
    done("user", "list")
    done("user", "delete", user.email, "--yes")
    done("keys", "rotate", "--stack", key_stack.name)
    done("keys", "promote", "access", "--yes", "--stack", key_stack.name)


def test_looking_needs_the_first_four_statements_and_no_more(stack: Stack, user: User, used: list[Use]) -> None:
    first = statements()[: len(LOOKING)]

    look(stack, user)

    assert [statement["Sid"] for statement in first] == LOOKING
    assert [use for use in used if not any(allows(statement, use) for statement in first)] == []


def test_every_call_is_allowed_and_nothing_is_allowed_that_no_command_uses(
    stack: Stack, user: User, key_stack: KeyStack, used: list[Use]
) -> None:
    look(stack, user)
    change(stack, user, key_stack)

    refused = [use for use in used if not any(allows(statement, use) for statement in statements())]
    unused = [
        (statement["Sid"], prefix)
        for statement in statements()
        for prefix in prefixes(statement) or ["*"]
        if not any(use[0] == statement["Action"] and fnmatchcase(use[1] or "", prefix) for use in used)
    ]
    unread = [
        attribute
        for statement in statements()
        for attribute in attributes(statement) or []
        if (statement["Action"], None, attribute) not in used
    ]
    assert refused == []
    assert unused == []
    assert unread == []


def test_a_scan_is_fenced_by_attributes_because_no_key_prefix_holds_for_it() -> None:
    (scan,) = [statement for statement in statements() if statement["Action"] == "dynamodb:Scan"]

    assert scan["Condition"]["StringEquals"] == {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"}
    assert not {"password_hash", "ciphertext", "*"} & set(attributes(scan) or ["*"])
    assert prefixes(scan) is None


def test_a_call_without_the_key_that_a_condition_asks_about_is_refused() -> None:
    """ForAllValues alone would be true for it."""
    for statement in statements():
        conditions = statement.get("Condition", {})
        asked = {key for operator, keys in conditions.items() if operator.startswith("ForAllValues") for key in keys}
        assert conditions.get("Null", {}) == dict.fromkeys(asked, "false"), statement["Sid"]


def test_nobody_reads_a_password_hash(stack: Stack, user: User, key_stack: KeyStack, used: list[Use]) -> None:
    look(stack, user)
    change(stack, user, key_stack)

    actions = {action for action, key, _ in used if (key or "").startswith("CREDENTIAL#")}
    assert actions == {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"}
    assert "password_hash" not in {attribute for _, _, attribute in used}
