"""The real template, deployed by the real sam to ministack, which enforces IAM (docs/cloud-test.md)."""

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from dev.sam.template import ROOT
from tests.cli.test_permissions import LOOKING, statements
from tests.support.ministack import MAIL_FROM, STACK, Deployed, calling_as

COMMAND = Path(sys.executable).parent / "sallyport"
PASSWORD = "a long enough password"
ANOTHER = "another long enough password"


def test_every_resource_of_the_template_is_created(stack: Deployed) -> None:
    resources = stack.aws.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=STACK)
    statuses = {each["ResourceStatus"] for page in resources for each in page["StackResourceSummaries"]}

    assert statuses == {"CREATE_COMPLETE"}


@pytest.mark.usefixtures("no_denial")
def test_the_smoke_check_passes(stack: Deployed) -> None:
    installed = "--old-file=.venv/.dev"  # whatever is newer: make must not replace what this test runs on
    smoke = ["make", "--no-print-directory", installed, "smoke", f"STACK={STACK}", f"URL={stack.url}"]

    assert subprocess.run(smoke, check=False, cwd=ROOT, env=stack.aws.environment(), timeout=120).returncode == 0


@pytest.mark.usefixtures("no_denial")
def test_a_user_signs_up_logs_in_and_leaves_by_codes_that_are_mailed(stack: Deployed) -> None:
    """Each call that a user can make, but for those that the smoke check has made."""
    old, new = "ann@example.com", "ann@elsewhere.example.com"

    asked = done(stack, "POST", "/auth/register", {"email": old})
    device = done(stack, "POST", "/auth/verify-email", by_mail(stack, asked, old) | {"password": PASSWORD})
    forgot = done(stack, "POST", "/auth/password/forgot", {"email": old})
    done(stack, "POST", "/auth/password/reset", by_mail(stack, forgot, old) | {"password": ANOTHER})
    log_in(stack, old, ANOTHER, device_token=device["device_token"])
    here = log_in(stack, old, ANOTHER)
    sessions = done(stack, "GET", "/auth/sessions", here=here)["sessions"]
    (other,) = [session["sid"] for session in sessions if not session["current"]]
    done(stack, "DELETE", f"/auth/sessions/{other}", here=here)
    changed = {"current_password": ANOTHER, "new_password": PASSWORD}
    here = done(stack, "POST", "/auth/password/change", changed, here=here)
    moving = done(stack, "POST", "/auth/email/change", {"email": new, "password": PASSWORD}, here=here)
    done(stack, "POST", "/auth/email/confirm", by_mail(stack, moving, new), here=here)
    done(stack, "POST", "/auth/logout", {"everywhere": True}, here=log_in(stack, new, PASSWORD))
    done(stack, "POST", "/auth/me/delete", {"password": PASSWORD}, here=log_in(stack, new, PASSWORD))

    assert call(stack, "POST", "/auth/login", {"email": new, "password": PASSWORD}).status_code == 401


@pytest.mark.usefixtures("no_denial")
def test_an_operator_lists_users_and_sessions_and_revokes_with_the_least_policy(stack: Deployed) -> None:
    operator = calling_as(stack.aws, "operator", least_policy(stack))
    email = "bob@example.com"

    sallyport(operator, "user", "create", email, "--password-stdin", typed=PASSWORD)
    here, there = log_in(stack, email, PASSWORD), log_in(stack, email, PASSWORD)
    users = json.loads(sallyport(operator, "user", "list", "--json"))["users"]
    sessions = json.loads(sallyport(operator, "session", "list", email, "--json"))["sessions"]

    assert [user["email"] for user in users] == [email]
    assert {session["sid"] for session in sessions} == {here["session_id"], there["session_id"]}

    sallyport(operator, "session", "revoke", email, here["session_id"])
    assert [refreshes(stack, tokens) for tokens in (here, there)] == [False, True]

    sallyport(operator, "user", "revoke", email)
    assert not refreshes(stack, there)
    assert call(stack, "GET", "/auth/me", here=there).status_code in {401, 403}  # by the authorizer after some seconds

    sallyport(operator, "keys", "rotate")


def test_an_operator_who_may_only_look_changes_nothing(stack: Deployed) -> None:
    watcher = calling_as(stack.aws, "watcher", least_policy(stack, only=LOOKING))

    listed = ran([str(COMMAND), "--stack", STACK, "keys", "list"], watcher)
    refused = ran(
        [str(COMMAND), "--stack", STACK, "user", "create", "eve@example.com", "--password-stdin"], watcher, PASSWORD
    )

    assert (listed.returncode, refused.returncode) == (0, 1), listed.stderr
    assert "AWS refuses TransactWriteItems to these credentials" in refused.stderr
    assert call(stack, "POST", "/auth/login", {"email": "eve@example.com", "password": PASSWORD}).status_code == 401


def test_a_function_whose_role_lacks_a_statement_fails(stack: Deployed) -> None:
    iam, role = stack.aws.client("iam"), {"RoleName": stack.physical("LoginRole"), "PolicyName": "OnlyWhatItUses"}
    whole = iam.get_role_policy(**role)["PolicyDocument"]
    less = whole | {"Statement": [each for each in whole["Statement"] if each["Sid"] != "ReadAccounts"]}
    nobody = {"email": "nobody@example.com", "password": PASSWORD}
    before = stack.denials()

    statuses = []
    for policy in (whole, less, whole):
        iam.put_role_policy(**role, PolicyDocument=json.dumps(policy))
        statuses.append(call(stack, "POST", "/auth/login", nobody).status_code)

    assert statuses == [401, 503, 401]
    assert all("BatchGetItem AccessDenied" in line for line in stack.denials()[len(before) :])
    assert len(stack.denials()) == len(before) + 1


def call(
    stack: Deployed,
    method: str,
    path: str,
    body: Mapping[str, Any] | None = None,
    *,
    here: Mapping[str, Any] | None = None,
) -> httpx.Response:
    headers = {"authorization": f"Bearer {here['access_token']}"} if here else {}
    return httpx.request(method, stack.url + path, json=body, headers=headers, timeout=60, trust_env=False)


def done(
    stack: Deployed,
    method: str,
    path: str,
    body: Mapping[str, Any] | None = None,
    *,
    here: Mapping[str, Any] | None = None,
) -> Any:
    answer = call(stack, method, path, body, here=here)
    assert answer.is_success, (method, path, answer.status_code, answer.text)
    return answer.json() if answer.content else None


def log_in(stack: Deployed, email: str, password: str, **more: str) -> Any:
    return done(stack, "POST", "/auth/login", {"email": email, "password": password, **more})


def refreshes(stack: Deployed, tokens: Mapping[str, Any]) -> bool:
    return call(stack, "POST", "/auth/refresh", {"refresh_token": tokens["refresh_token"]}).is_success


def by_mail(stack: Deployed, asked: Mapping[str, Any], email: str) -> dict[str, str]:
    """Return what the newest mail to an address proves."""
    mail = stack.aws.mail(email, naming=asked["request"])
    assert mail["Source"].endswith(f"<{MAIL_FROM}>")
    (code,) = re.findall(r"^(\d{4} \d{4})$", mail["BodyText"], re.MULTILINE)
    return {"request": asked["request"], "code": code}


def least_policy(stack: Deployed, only: list[str] | None = None) -> dict[str, Any]:
    """Return the policy of docs/cli.md for our stack, or some of its statements."""
    table = stack.aws.client("dynamodb").describe_table(TableName=stack.physical("Table"))["Table"]
    queue = stack.aws.client("sqs").get_queue_attributes(
        QueueUrl=stack.physical("MailQueue"), AttributeNames=["QueueArn"]
    )
    rotate = stack.aws.client("lambda").get_function_configuration(FunctionName=stack.physical("RotateKeys"))
    text = json.dumps([each for each in statements() if only is None or each["Sid"] in only])
    for name, arn in (
        ("TABLE_ARN", table["TableArn"]),
        ("MAIL_QUEUE_ARN", queue["Attributes"]["QueueArn"]),
        ("ROTATE_KEYS_ARN", rotate["FunctionArn"]),
    ):
        text = text.replace(name, arn)
    return {"Version": "2012-10-17", "Statement": json.loads(text)}


def sallyport(environment: Mapping[str, str], *words: str, typed: str = "") -> str:
    ended = ran([str(COMMAND), "--stack", STACK, *words], environment, typed)
    assert ended.returncode == 0, (words, ended.stdout, ended.stderr)
    return ended.stdout


def ran(command: list[str], environment: Mapping[str, str], typed: str = "") -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command, check=False, cwd=ROOT, env=environment, input=typed, capture_output=True, text=True, timeout=120
    )
