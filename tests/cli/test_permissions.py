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
from tests.deployed import PASSWORD, Stack

PAGE = Path(__file__).parent.parent.parent / "docs/cli.md"
LOOKING = ["FindTheStack", "ReadUsersAndSessions", "ListSessionsAndKeys"]

Use = tuple[str, str | None]
"""An action and, of the table's, the partition key that it touches."""


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
        case "TransactWriteItems":
            for write in parameters["TransactItems"]:
                ((kind, what),) = write.items()
                yield f"dynamodb:{kind}Item", what.get("Item", what.get("Key"))["PK"]["S"]
        case "BatchGetItem":
            for request in parameters["RequestItems"].values():
                for key in request["Keys"]:
                    yield "dynamodb:BatchGetItem", key["PK"]["S"]
        case "UpdateItem":
            yield "dynamodb:UpdateItem", parameters["Key"]["PK"]["S"]
        case "Query":
            yield "dynamodb:Query", parameters["ExpressionAttributeValues"][":pk"]["S"]
        case "Invoke":
            yield "lambda:InvokeFunction", None
        case _:
            yield f"{service}:{operation}", None


def statements() -> list[dict[str, Any]]:
    (policy,) = re.findall(r"```json\n(.*?)```", PAGE.read_text(), re.DOTALL)
    found: list[dict[str, Any]] = json.loads(policy)["Statement"]
    return found


def prefixes(statement: Mapping[str, Any]) -> list[str] | None:
    condition = statement.get("Condition", {}).get("ForAllValues:StringLike", {})
    return condition.get("dynamodb:LeadingKeys")  # type: ignore[no-any-return]


def allows(statement: Mapping[str, Any], use: Use) -> bool:
    action, key = use
    known = prefixes(statement)
    return statement["Action"] == action and (known is None or any(fnmatchcase(key or "", each) for each in known))


def look(stack: Stack, user: User) -> None:
    tokens = stack.log_in(user).body
    done("user", "show", user.email)
    done("user", "roles", user.user_id)
    done("session", "list", user.email)
    done("token", "inspect", typed=tokens["access_token"])
    done("token", "inspect", typed=tokens["refresh_token"])
    done("keys", "list")


def change(stack: Stack, user: User, key_stack: KeyStack) -> None:
    tokens = stack.log_in(user).body
    done("token", "revoke", typed=tokens["access_token"])
    done("session", "revoke", user.email, tokens["session_id"])
    done("session", "revoke", user.email, tokens["session_id"])
    done("user", "roles", user.email, "--add", "admin")
    done("user", "revoke", user.email)
    done("user", "disable", user.email)
    done("user", "enable", user.email)
    done("user", "create", f"x{user.email}", "--password-stdin", typed=PASSWORD)
    done("keys", "rotate", "--stack", key_stack.name)
    done("keys", "promote", "access", "--yes", "--stack", key_stack.name)


def test_looking_needs_the_first_three_statements_and_no_more(stack: Stack, user: User, used: list[Use]) -> None:
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
    assert refused == []
    assert unused == []


def test_nobody_reads_a_password_hash(stack: Stack, user: User, key_stack: KeyStack, used: list[Use]) -> None:
    look(stack, user)
    change(stack, user, key_stack)

    assert {action for action, key in used if (key or "").startswith("CREDENTIAL#")} == {"dynamodb:PutItem"}
