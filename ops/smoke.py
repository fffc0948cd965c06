"""`make smoke STACK=...`: check a deployed stack from outside, with a user that is made for it and deleted afterwards.

It needs AWS credentials that may describe the stack and write to its table. `URL=` says where the API is
reached, if that is not the URL in the stack's outputs.
"""

import argparse
import json
import os
import secrets
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import boto3
import urllib3
from botocore.exceptions import BotoCoreError, ClientError

from sallyport.accounts.hashing import Passwords
from sallyport.accounts.password import normal
from sallyport.accounts.user import User, new_user
from sallyport.audit import AuditEntry, by_operator
from sallyport.aws.by_botocore import ByBotocore
from sallyport.aws.dynamodb.accounts import Accounts
from sallyport.aws.dynamodb.audit import AuditTrail
from sallyport.aws.dynamodb.revoking import RevokingWrites
from sallyport.aws.dynamodb.session_items import session_key
from sallyport.aws.dynamodb.table import Table
from sallyport.aws.dynamodb.user_items import items_of
from sallyport.clock import system_clock
from sallyport.errors import InvalidToken
from sallyport.keys.key import Key, public_key
from sallyport.settings import MAX_ACCESS_TOKEN_SECONDS
from sallyport.tokens.access import AccessTokenVerifier
from sallyport.tokens.claims import TimeRules


@dataclass(frozen=True)
class Target:
    """A stack as its outputs describe it, and its table."""

    url: str
    issuer: str
    audience: str
    table: Table


@dataclass
class Report:
    """What was checked. Prints as it goes."""

    failed: list[str] = field(default_factory=list)

    def check(self, what: str, found: object, expected: object) -> None:
        is_good = found == expected
        print(f"{'ok  ' if is_good else 'FAIL'}  {what}{'' if is_good else f': {found!r}, not {expected!r}'}")
        if not is_good:
            self.failed.append(what)


@dataclass(frozen=True)
class _PublishedKeys:
    """The key set as it was fetched."""

    issuer: str
    keys: Mapping[str, Key]

    def get(self, kid: str) -> Key:
        return self.keys[kid]


def run(target: Target) -> Report:
    """Check everything that a client depends on."""
    report = Report()
    now_ms = system_clock()
    user = new_user(f"smoke-{secrets.token_hex(8)}@example.com", roles=("smoke",), now=now_ms // 1000)
    password = secrets.token_urlsafe(16)
    trail = AuditTrail(target.table, days=1)
    writes = RevokingWrites(target.table, trail, access_token_seconds=MAX_ACCESS_TOKEN_SECONDS, shards=1)
    audit = AuditEntry(user.user_id, "user.created", now_ms, by_operator("smoke"), after=user.standing)
    Accounts(target.table, writes).create(user, Passwords().hash(normal(password)), audit)
    try:
        keys = _check_documents(target, report)
        _check_session(target, report, user, password, keys)
        _check_rotation(target, report, user, password)
    finally:
        _clear_away(target.table, user)
    return report


def _clear_away(table: Table, user: User) -> None:
    """Delete what the checks have made, by two calls that need no right to read a user."""
    sessions = table.partition(f"SESSIONS#{user.user_id}")
    table.delete([(item["PK"], item["SK"]) for item in [*items_of(user, ""), *sessions]])


def _check_documents(target: Target, report: Report) -> _PublishedKeys:
    status, document = _call(target, "GET", "/.well-known/openid-configuration")
    report.check("discovery names the issuer", (status, document.get("issuer")), (200, target.issuer))
    status, key_set = _call(target, "GET", "/.well-known/jwks.json")
    keys = {jwk["kid"]: public_key(jwk) for jwk in key_set.get("keys", ())}
    report.check("an active key and a standby are published", (status, len(keys) >= 2), (200, True))
    report.check("an unknown path is API Gateway's 404", _call(target, "GET", "/nothing")[0], 404)
    return _PublishedKeys(target.issuer, keys)


def _check_session(target: Target, report: Report, user: User, password: str, keys: _PublishedKeys) -> None:
    def post(path: str, **body: Any) -> tuple[int, dict[str, Any]]:
        return _call(target, "POST", path, body=body)

    wrong = post("/auth/login", email=user.email, password="wrong")  # noqa: S106
    unknown = post("/auth/login", email=f"x{user.email}", password=password)
    report.check("a wrong password is refused", (wrong[0], wrong[1].get("code")), (401, "invalid_credentials"))
    report.check("an unknown address is told the same", _without_id(unknown), _without_id(wrong))

    status, tokens = post("/auth/login", email=user.email, password=password)
    report.check("the right password logs in", status, 200)
    if status != 200:
        return
    access, refresh = tokens["access_token"], tokens["refresh_token"]
    verifier = AccessTokenVerifier(keys, keys, target.audience, TimeRules(3600, 30, 0))
    report.check("the key set verifies the access token", _subject(verifier, access), user.user_id)

    def me(*authorization: str) -> int:
        return _call(target, "GET", "/auth/me", authorization=authorization)[0]

    report.check("a protected route answers its caller", me(f"Bearer {access}"), 200)
    report.check("without a token it is 401", me(), 401)
    report.check("with a bad token it is 403", me("Bearer x"), 403)
    report.check("with two tokens it is 403", me(f"Bearer {access}", f"Bearer {access}"), 403)
    asked = [_call(target, "GET", "/auth/verify", authorization=sent)[0] for sent in ((f"Bearer {access}",), ())]
    report.check("a gateway that asks is told 204, and 401 without a token", asked, [204, 401])
    status, again = post("/auth/refresh", refresh_token=refresh)
    report.check("a refresh answers new tokens", (status, me(f"Bearer {again.get('access_token')}")), (200, 200))
    report.check("logout answers 204", post("/auth/logout", refresh_token=refresh)[0], 204)
    status, refused = post("/auth/refresh", refresh_token=refresh)
    report.check("after logout a refresh is refused", (status, refused.get("code")), (401, "invalid_grant"))
    meaning = "403 in strict, 200 in stateless, either in bounded"
    print(f"note  after logout the access token gets {me(f'Bearer {access}')} ({meaning})")


def _check_rotation(target: Target, report: Report, user: User, password: str) -> None:
    """Check rotation without waiting: the session's last rotation is moved back by more than the longest leeway."""
    login = _call(target, "POST", "/auth/login", body={"email": user.email, "password": password})[1]

    def late_refresh(token: str) -> tuple[int, dict[str, Any]]:
        target.table.update(
            session_key(user.user_id, login["session_id"]),
            "SET rotated_at = rotated_at - :while",
            condition="attribute_exists(PK)",
            values={":while": 4_000_000},
        )
        return _call(target, "POST", "/auth/refresh", body={"refresh_token": token})

    first = login.get("refresh_token", "")
    status, second = late_refresh(first) if first else (0, {})
    report.check("a late refresh rotates", status, 200)
    if status != 200:
        return
    _, third = late_refresh(second["refresh_token"])
    status, refused = late_refresh(first)
    report.check("a replay is refused", (status, refused.get("code")), (401, "invalid_grant"))
    status, refused = late_refresh(third.get("refresh_token", ""))
    report.check("a replay ends the session", (status, refused.get("code")), (401, "invalid_grant"))


def _subject(verifier: AccessTokenVerifier, token: str) -> str:
    try:
        return verifier.verify(token, now=system_clock() // 1000).sub
    except (InvalidToken, KeyError) as error:
        return f"refused: {error}"


def _without_id(answer: tuple[int, dict[str, Any]]) -> tuple[int, dict[str, Any]]:
    return answer[0], {name: value for name, value in answer[1].items() if name != "request_id"}


def _call(
    target: Target, method: str, path: str, *, body: Any = None, authorization: tuple[str, ...] = ()
) -> tuple[int, dict[str, Any]]:
    headers = urllib3.HTTPHeaderDict()
    for value in authorization:
        headers.add("authorization", value)
    if body is not None:
        headers.add("content-type", "application/json")
    data = json.dumps(body) if body is not None else None
    answer = urllib3.request(method, target.url + path, body=data, headers=headers, timeout=30, retries=False)
    return answer.status, json.loads(answer.data or b"{}")


def of_stack(name: str) -> Target:
    """Read the outputs of a deployed stack."""
    (described,) = boto3.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}
    table = Table(ByBotocore(boto3.client("dynamodb")), outputs["TableName"])
    return Target(outputs["Url"], outputs["Issuer"], outputs["Audience"], table)


def main(arguments: list[str], find: Callable[[str], Target] = of_stack) -> int:
    parser = argparse.ArgumentParser("python -m ops.smoke", usage="make smoke STACK=<stack name> [URL=<url>]")
    parser.add_argument("stack")
    parser.add_argument("--url")
    asked = parser.parse_args(arguments)
    if "AWS_REGION" in os.environ:  # boto3 reads the other name only
        os.environ.setdefault("AWS_DEFAULT_REGION", os.environ["AWS_REGION"])
    try:
        target = find(asked.stack)
    except (BotoCoreError, ClientError) as error:
        print(f"Cannot look at the stack {asked.stack}: {error}", file=sys.stderr)
        return 2
    reached = replace(target, url=asked.url.rstrip("/")) if asked.url else target
    return bool(run(reached).failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
