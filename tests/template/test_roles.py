"""Each role, read as an attacker reads it who runs code in the function: what it refuses, and docs/roles.md."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from dev.sam.stack import WITHOUT_DEFAULT
from dev.sam.template import as_cloudformation
from tests.support.iam import Request, grants, listed
from tests.support.requests_to_aws import as_iam_sees
from tests.support.roles import Statement, roles

PAGE = Path(__file__).parents[2] / "docs/roles.md"
Call: TypeAlias = tuple[str, dict[str, Any]]
OF_EVERY_FUNCTION = {"WriteLogs", "SendTraces"}

pytestmark = pytest.mark.usefixtures("cloud")


def key(pk: str, sk: str = "any") -> dict[str, Any]:
    return {"PK": {"S": pk}, "SK": {"S": sk}}


def update(pk: str, change: str, condition: str = "attribute_exists(PK)", **names: str) -> Call:
    placeholders = {f"#{placeholder}": name for placeholder, name in names.items()}
    return "UpdateItem", {
        "Key": key(pk),
        "UpdateExpression": change,
        "ConditionExpression": condition,
        "ExpressionAttributeNames": placeholders,
    }


def put(pk: str, **attributes: str) -> Call:
    return "PutItem", {"Item": {**key(pk), **{name: {"S": value} for name, value in attributes.items()}}}


def read(*pks: str) -> Call:
    return "BatchGetItem", {"RequestItems": {"table": {"Keys": [key(pk) for pk in pks]}}}


def batch(kind: str, pk: str, **attributes: str) -> Call:
    item = {**key(pk), **{name: {"S": value} for name, value in attributes.items()}}
    return "BatchWriteItem", {"RequestItems": {"table": [{kind: {"Item" if kind == "PutRequest" else "Key": item}}]}}


def query(pk: str) -> Call:
    return "Query", {"KeyConditionExpression": "PK = :pk", "ExpressionAttributeValues": {":pk": {"S": pk}}}


def kms(operation: str, **context: str) -> Call:
    return operation, {"EncryptionContext": context}


def may(function: str, call: Call) -> bool:
    operation, parameters = call
    service = "kms" if "EncryptionContext" in parameters else "dynamodb"
    return all(any(roles()[function].granting(request)) for request in as_iam_sees(service, operation, parameters))


VERSION = update("USER#a", "SET token_version = :one")
END = update("SESSIONS#a", "SET revoked_at = :now")
PROMOTE = update("SIGNING#access", "SET not_before = :now")


@pytest.mark.parametrize(("function", "allowed", "refused"), [
    ("Logout", VERSION, update("USER#a", "SET #r = :one", r="roles")),
    ("Logout", VERSION, update("USER#a", "SET #s = :one", s="status")),
    ("Logout", VERSION, update("USER#a", "SET token_version = :one, email = :me")),
    ("Logout", VERSION, update("USER#a", "SET token_version = :one", "roles = :admin")),
    ("Logout", VERSION, update("CREDENTIAL#a", "SET token_version = :one")),
    ("Logout", END, update("SESSIONS#a", "REMOVE revoked_at SET expires_at = :late")),
    ("Logout", END, put("SESSIONS#a", user_agent="mine")),
    ("Logout", read("USER#a", "SESSIONS#a", "JTI#a"), read("USER#a", "CREDENTIAL#a")),
    ("Logout", query("SIGNING#refresh"), query("SIGNING#access")),
    ("Logout", kms("Decrypt", use="refresh", kid="k"), kms("Decrypt", use="access", kid="k")),
    ("Refresh", update("SESSIONS#a", "SET head = head + :one"), update("SESSIONS#a", "SET #m = :body", m="mode")),
    *((function, put("AUDIT#a", action="user.deleted"), read("AUDIT#a"))
      for function in ("Account", "Logout", "Password", "Refresh", "Register")),
    ("Account", put("AUDIT#a", action="user.deleted"), ("DeleteItem", {"Key": key("AUDIT#a")})),
    ("Password", put("AUDIT#a", action="password.set"), query("AUDIT#a")),
    ("Password", put("AUDIT#a", action="password.set"), put("AUDIT#a", email="a@example.com")),
    ("Register", put("AUDIT#a", action="user.verified"), update("AUDIT#a", "SET #b = :me", b="by")),
    ("RotateKeys", put("AUDIT#:keys", action="key.created"), put("AUDIT#a", action="user.deleted")),
    ("Setup", put("AUDIT#:keys", action="key.created"), put("AUDIT#a", action="user.deleted")),
    ("Refresh", update("SESSIONS#a", "SET head = head + :one"), update("USER#a", "SET token_version = :one")),
    ("Refresh", kms("Decrypt", use="access", kid="k"), kms("Decrypt", use="access", kid="k", more="x")),
    ("Refresh", kms("Decrypt", use="access", kid="k"), kms("Decrypt", use="access")),
    ("Refresh", kms("Decrypt", use="access", kid="k"), kms("Encrypt", use="access", kid="k")),
    ("Login", update("CREDENTIAL#a", "SET password_hash = :mine"), update("USER#a", "SET #r = :admin", r="roles")),
    ("Login", END, update("SESSIONS#a", "SET ver = :one")),
    ("Login", batch("DeleteRequest", "SESSIONS#a"), batch("DeleteRequest", "USER#a")),
    ("Account", update("USER#a", "SET leaving_at = :now"), update("USER#a", "SET #r = :admin", r="roles")),
    ("Account", batch("DeleteRequest", "SESSIONS#a"), batch("PutRequest", "SESSIONS#a", ver="1")),
    ("Account", put("REVOKED#0", sid="a"), put("USER#a", roles="admin")),
    ("Password", VERSION, update("USER#a", "SET #r = :admin", r="roles")),
    ("Password", VERSION, update("USER#a", "SET #s = :active", s="status")),
    ("Password", update("OTT#a", "SET tries = :none"), update("OTT#a", "SET user_id = :victim")),
    ("Password", put("EMAIL#a", user_id="a"), put("USER#a", roles="admin")),
    ("Register", put("USER#a", email="a@example.com"), update("USER#a", "SET #r = :admin", r="roles")),
    ("Register", update("OTT#a", "SET tries = :none"), update("OTT#a", "SET opens = :yes")),
    ("Register", kms("Decrypt", use="refresh", kid="k"), kms("Decrypt", use="access", kid="k")),
    ("Mailer", update("OTT#a", "SET secret_hash = :mine"), update("USER#a", "SET email = :mine")),
    ("Authorizer", read("USER#a"), read("CREDENTIAL#a")),
    ("Authorizer", read("USER#a"), update("USER#a", "SET token_version = :one")),
    ("Verify", read("USER#a"), read("CREDENTIAL#a")),
    ("Verify", query("REVOKED#0"), put("REVOKED#0", sid="a")),
    ("Wellknown", query("JWKS"), query("SIGNING#access")),
    ("RotateKeys", kms("Encrypt", use="access", kid="k"), kms("Decrypt", use="access", kid="k")),
    ("RotateKeys", PROMOTE, update("SIGNING#access", "SET ciphertext = :mine")),
    ("Setup", update("SIGNING#access", "SET version = :one"), update("JWKS", "SET jwk = :mine")),
])  # fmt: skip
def test_code_in_a_function_may_do_the_one_and_not_the_other(function: str, allowed: Call, refused: Call) -> None:
    assert may(function, allowed)
    assert not may(function, refused)


@pytest.mark.parametrize("call", [
    put("USER#a"), put("JWKS"), put("REVOKED#0"), put("AUDIT#a"), END, VERSION, ("DeleteItem", {"Key": key("USER#a")}),
    batch("DeleteRequest", "SESSIONS#a"), batch("PutRequest", "USER#a"), kms("Decrypt", use="access", kid="k"),
])  # fmt: skip
def test_o07_the_authorizer_and_verify_write_nothing_and_open_no_key(call: Call) -> None:
    assert not may("Authorizer", call)
    assert not may("Verify", call)


def test_o07_no_function_reads_the_whole_table() -> None:
    for function in roles():
        assert not may(function, ("Scan", {})), function


def test_a_batch_is_allowed_by_one_statement_or_not_at_all() -> None:
    assert may("Logout", read("USER#a", "SESSIONS#a"))
    assert not may("Setup", read("RELEASE", "USER#a"))


def dynamodb_statements() -> Iterator[tuple[str, Statement, str]]:
    for name, role in roles().items():
        for statement in role.statements:
            for action in listed(statement["Action"]):
                if action.startswith("dynamodb:"):
                    yield name, statement, action


def test_a_call_without_the_key_that_a_condition_asks_about_is_refused() -> None:
    """ForAllValues alone would be true for it."""
    for name, statement, action in dynamodb_statements():
        keys = {key for names in statement["Condition"].values() for key in names}
        first = listed(statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"])[0]
        whole: dict[str, list[str]] = {"dynamodb:LeadingKeys": [first], "dynamodb:Attributes": ["PK", "SK"]}
        assert grants(statement, Request(action, whole)), (name, statement["Sid"])
        for key_ in keys:
            assert not grants(statement, Request(action, {**whole, key_: []})), (name, statement["Sid"], key_)


def test_every_update_is_fenced_by_attributes_and_no_request_can_put_items_in_batches() -> None:
    for name, statement, action in dynamodb_statements():
        fence = statement["Condition"].get("ForAllValues:StringEquals", {}).get("dynamodb:Attributes")
        if action == "dynamodb:UpdateItem":
            assert set(fence) > {"PK", "SK"}, (name, statement["Sid"])
            assert not {"roles", "status"} & set(fence), (name, statement["Sid"])
        if action == "dynamodb:BatchWriteItem" and name != "Setup":  # which serves no request
            assert fence == ["PK", "SK"], (name, statement["Sid"])


@pytest.mark.parametrize(("expressions", "named"), [
    ({"UpdateExpression": "SET #first = head + :one, ver = :ver"}, {"first", "head", "ver"}),
    ({"UpdateExpression": "SET tries = if_not_exists(tries, :none) REMOVE #e"}, {"tries", "email"}),
    ({"ConditionExpression": "attribute_exists(PK) AND NOT (leaving_at <= :t OR #e IN (:a))"}, {"leaving_at", "email"}),
    ({"ConditionExpression": "failures BETWEEN :many AND :last"}, {"failures"}),
    ({"ProjectionExpression": "#first, jti", "KeyConditionExpression": "PK = :pk"}, {"first", "jti", "PK"}),
    ({"ConditionExpression": "begins_with(SK, :sk) AND size(#e) < :long"}, {"SK", "email"}),
])  # fmt: skip
def test_every_attribute_that_a_request_names_counts(expressions: dict[str, str], named: set[str]) -> None:
    names = {"ExpressionAttributeNames": {"#first": "first", "#e": "email"}}
    (request,) = as_iam_sees("dynamodb", "UpdateItem", {"Key": key("USER#a"), **names, **expressions})

    assert set(request.context["dynamodb:Attributes"]) == named | {"PK", "SK"}


def key_policy() -> list[dict[str, Any]]:
    key_ = as_cloudformation()[0]["Resources"]["SigningKey"]["Properties"]
    statements: list[dict[str, Any]] = key_["KeyPolicy"]["Statement"]
    return statements


def test_the_account_may_administer_the_key_but_not_use_it_or_lend_it() -> None:
    account, *rest = key_policy()

    assert account["Principal"] == {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}}
    assert "kms:PutKeyPolicy" in account["Action"]  # else the key could never be given another policy
    for action in account["Action"]:
        assert not re.search(r"\*|crypt|DataKey|CreateGrant|Mac|Sign|Derive", action), action
    principals = [principal for statement in rest for principal in statement["Principal"]["AWS"]]
    assert all(principal["Fn::GetAtt"][0].endswith("Role") for principal in principals)


def test_no_role_names_the_key_for_the_key_names_the_roles() -> None:
    resources = as_cloudformation()[0]["Resources"]

    for name, resource in resources.items():
        if resource["Type"] == "AWS::IAM::Role":
            assert "kms:" not in str(resource), name


# docs/roles.md


def facts(statement: Statement) -> str:
    """Put a statement into the words of the page."""
    actions = ", ".join(f"`{action.partition(':')[2]}`" for action in listed(statement["Action"]))
    said = {
        key: listed(values)
        for operator, keys in statement.get("Condition", {}).items()
        if operator != "Null"
        for key, values in keys.items()
        if key != "kms:EncryptionContextKeys"
    }
    on = [*said.pop("dynamodb:LeadingKeys", []), *said.pop("kms:EncryptionContext:use", [])]
    attributes = said.pop("dynamodb:Attributes", None)
    rest = [value for values in said.values() for value in values]
    named = [*on, *("MailFrom" if value == WITHOUT_DEFAULT["MailFrom"] else value for value in rest)]
    text = " ".join([actions, ", ".join(f"`{each}`" for each in named)]).strip()
    if attributes is None:
        return text
    return f"{text}: " + (", ".join(f"`{each}`" for each in attributes if each not in ("PK", "SK")) or "the keys")


def rows_of_the_page() -> Mapping[str, dict[str, str]]:
    """Read the page: of each function the statements by their names, with what they allow."""
    found: dict[str, dict[str, str]] = {}
    for section in PAGE.read_text().split("\n## ")[1:]:
        if name := re.match(r"`(\w+)`\n", section):
            rows = re.findall(r"^\| (\w+) \| (.*?) \| .+ \|$", section, re.MULTILINE)
            found[name[1]] = {sid: allowed for sid, allowed in rows if sid != "statement"}
    return found


def test_the_page_names_every_permission_of_every_function() -> None:
    in_words = {re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower(): role for name, role in roles().items()}

    assert rows_of_the_page() == {
        name: {s["Sid"]: facts(s) for s in role.statements if s["Sid"] not in OF_EVERY_FUNCTION}
        for name, role in in_words.items()
    }
    for role in in_words.values():
        assert {statement["Sid"] for statement in role.statements} >= OF_EVERY_FUNCTION
