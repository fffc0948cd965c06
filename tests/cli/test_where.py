"""Where a command works, and what it says when it cannot."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from sallyport.accounts.user import User
from sallyport.errors import Unavailable
from sallyport.revocation.window import OVERLAP_MS
from sallyport_cli.deployed import TABLE_PATIENCE
from sallyport_cli.errors import Refused, in_one_line
from sallyport_cli.stack import Stack as OpenedStack
from tests.cli.operating import PARAMETERS, describe_stack, done, run
from tests.support.deployed import Stack
from tests.support.endpoint import Endpoint, Reply, serving
from tests.support.ports import free_ports
from tests.support.stopped_time import MovableTime
from tests.support.wire import Wire


@pytest.fixture
def refusing() -> Iterator[Endpoint]:
    """An AWS service that refuses everything with the word that the path of its URL ends with."""

    def answer(path: str, _body: bytes) -> Reply:
        word = path.strip("/")
        xml = f"<ErrorResponse><Error><Code>{word}</Code><Message>canary</Message></Error></ErrorResponse>"
        return Reply(403, xml.encode(), {"content-type": "text/xml"})

    with serving(answer) as endpoint:
        yield endpoint


@pytest.mark.parametrize(
    "arguments",
    [
        ["--stack", "sallyport", "--json", "user", "show"],
        ["user", "--json", "--stack", "sallyport", "show"],
        ["user", "show", "--stack", "sallyport", "--json"],
        ["--stack", "nowhere", "--json", "user", "show", "--stack", "sallyport"],
    ],
)
def test_options_may_stand_before_and_after_the_command_and_the_last_one_counts(
    user: User, arguments: list[str]
) -> None:
    assert done(*arguments, user.email).document["user_id"] == user.user_id


def test_the_stack_may_be_named_by_the_environment_and_the_command_line_counts_more(user: User) -> None:
    named = run("user", "show", user.email, env={"SALLYPORT_STACK": "nowhere"})
    typed = run("--stack", "sallyport", "user", "show", user.email, env={"SALLYPORT_STACK": "nowhere"})
    typed_against_local = run("user", "show", user.email, "--stack", "sallyport", env={"SALLYPORT_LOCAL": "1"})

    assert named.exit_code == 1
    assert "there is no stack nowhere in us-east-1" in named.err
    assert typed.exit_code == typed_against_local.exit_code == 0


@pytest.mark.parametrize("name", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_the_region_may_be_named_by_the_environment_and_the_command_line_counts_more(user: User, name: str) -> None:
    nowhere = {"AWS_REGION": None, "AWS_DEFAULT_REGION": None}

    there = run("user", "show", user.email, env={**nowhere, name: "us-east-1"})
    elsewhere = run("user", "show", user.email, env={**nowhere, name: "eu-west-1"})
    typed = run("user", "show", user.email, "--region", "us-east-1", env={**nowhere, name: "eu-west-1"})

    assert there.exit_code == typed.exit_code == 0
    assert elsewhere.err.startswith("Error: there is no stack sallyport in eu-west-1: ")


def test_aws_region_counts_more_than_the_older_name() -> None:
    ran = run("keys", "list", env={"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "us-east-1"})

    assert ran.err.startswith("Error: there is no stack sallyport in eu-west-1: ")


def test_local_excludes_what_is_about_aws() -> None:
    for options in (["--stack", "a"], ["--profile", "a"], ["--region", "a"]):
        ran = run("--local", "keys", "list", *options)
        assert (ran.exit_code, ran.out) == (2, "")
        assert "exclude each other" in ran.err


def test_local_without_a_server_says_so() -> None:
    (port,) = free_ports(1)

    ran = run("--local", "--port", str(port), "keys", "list")

    assert (ran.exit_code, ran.out) == (1, "")
    assert ran.err.startswith(f"Error: no `make dev` answers on http://127.0.0.1:{port}: ")


@pytest.mark.parametrize("body", [b"", b"[]", b"<html>", b"{}"])
def test_another_server_on_the_port_is_no_make_dev(body: bytes) -> None:
    with serving(lambda _path, _body: Reply(200, body)) as other:
        ran = run("--local", "--port", other.url.rpartition(":")[2], "keys", "list")

    assert (ran.exit_code, ran.out) == (1, "")
    assert ran.err.startswith("Error: no `make dev` answers on ")


def test_a_stack_of_something_else_is_refused(cloud: object) -> None:
    describe_stack("a-queue", {"QueueUrl": "https://sqs.example.com"}, {})

    ran = run("--stack", "a-queue", "keys", "list")

    assert (ran.exit_code, ran.out) == (1, "")
    assert ran.err.startswith("Error: a-queue in us-east-1 is no stack of Sallyport's")


def test_settings_of_another_version_are_named(cloud: object) -> None:
    outputs = {
        "TableName": "functions",
        "RotateKeysName": "RotateKeys",
        "MailQueueUrl": "https://sqs.example.com/1/mail",
    }
    describe_stack("newer", outputs, {**PARAMETERS, "RevocationMode": "telepathic"})

    ran = run("--stack", "newer", "keys", "list")

    assert (ran.exit_code, ran.out) == (1, "")
    assert "REVOCATION_MODE must be one of bounded, strict, stateless" in ran.err


@pytest.mark.parametrize(
    ("word", "advice"),
    [
        ("AccessDenied", "AWS refuses DescribeStacks to these credentials"),
        ("ExpiredToken", "the AWS credentials are missing, not valid or have expired"),
        ("InvalidClientTokenId", "the AWS credentials are missing, not valid or have expired"),
        ("SomethingNew", "AWS did not answer as it should (DescribeStacks SomethingNew). A change may have been made"),
    ],
)
def test_what_aws_refuses_is_one_clear_line(refusing: Endpoint, word: str, advice: str) -> None:
    ran = run("user", "show", "ann@example.com", env={"AWS_ENDPOINT_URL_CLOUDFORMATION": f"{refusing.url}/{word}"})

    assert (ran.exit_code, ran.out) == (1, "")
    assert ran.err.startswith(f"Error: {advice}")
    assert ran.err.count("\n") == 1
    assert "canary" not in ran.err


@pytest.mark.parametrize("word", ["ReadTimeoutError", "ConnectionClosedError", "Invoke ServiceException"])
def test_a_change_that_nobody_answered_is_to_be_looked_at_before_it_is_repeated(word: str) -> None:
    """A second promotion would promote the next key."""
    with pytest.raises(Refused, match=r"A change may have been made: look .* before you repeat it"), in_one_line():
        raise Unavailable(word)


def test_a_revocation_reaches_the_table_long_before_polls_look_back_no_further() -> None:
    patience: Any = TABLE_PATIENCE
    longest = patience.retries["total_max_attempts"] * (patience.connect_timeout + patience.read_timeout)

    assert longest + 60 <= OVERLAP_MS / 1000  # 60 s for clocks, as for functions


def test_a_refused_table_is_one_clear_line(wire: Wire, user: User) -> None:
    wire.refuse("Query")

    ran = run("session", "list", user.email)

    assert (ran.exit_code, ran.out) == (1, "")
    assert ran.err.startswith("Error: AWS refuses Query to these credentials")


def test_a_write_that_is_refused_is_one_clear_line_and_changes_nothing(wire: Wire, stack: Stack, user: User) -> None:
    wire.refuse("TransactWriteItems")

    ran = run("user", "disable", user.email, "--json")

    assert (ran.exit_code, ran.out) == (1, "")
    assert ran.err.startswith("Error: AWS refuses TransactWriteItems to these credentials")
    assert stack.accounts.get(user.user_id) == user


def test_without_credentials_network_region_or_profile_it_says_so(cloud: object) -> None:
    (closed,) = free_ports(1)
    nobody = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}

    no_credentials = run("keys", "list", env=nobody)
    no_network = run("keys", "list", env={"AWS_ENDPOINT_URL_CLOUDFORMATION": f"http://127.0.0.1:{closed}"})
    no_region = run("keys", "list", env={"AWS_DEFAULT_REGION": None, "AWS_REGION": None})
    no_profile = run("keys", "list", "--profile", "nobody")

    assert no_credentials.err == "Error: the AWS credentials are missing, not valid or have expired\n"
    assert no_network.err == "Error: AWS cannot be reached: check the network and the region\n"
    assert no_region.err == "Error: no AWS region: use --region or AWS_REGION\n"
    assert no_profile.err == "Error: there is no such AWS profile\n"
    assert {ran.exit_code for ran in (no_credentials, no_network, no_region, no_profile)} == {1}


def test_a_bug_of_ours_is_one_line_without_what_it_knew(monkeypatch: pytest.MonkeyPatch, user: User) -> None:
    def broken(_: OpenedStack) -> None:
        raise RuntimeError("canary")

    monkeypatch.setattr(OpenedStack, "accounts", property(broken))

    ran = run("user", "show", user.email)

    assert (ran.exit_code, ran.out) == (1, "")
    assert ran.err == "Error: unexpected RuntimeError; this is a bug of the sallyport command\n"


def test_a_slow_clock_of_the_operator_does_not_date_an_entry_too_early(
    stack: Stack, user: User, clock: MovableTime
) -> None:
    """An authorizer asks for what was written in the last 90 s: an older entry would never be heard of."""
    clock.advance(-300)

    done("user", "revoke", user.email)

    clock.advance(300)
    (entry,) = [item for item in stack.table.partition("REVOKED#0") if item.get("sub") == user.user_id]
    assert abs(int(entry["SK"][:13]) // 1000 - stack.now) < 60


def test_entries_outlast_the_longest_access_token_whatever_the_stack_is_told(stack: Stack, user: User) -> None:
    done("user", "revoke", user.email)

    (entry,) = [item for item in stack.table.partition("REVOKED#0") if item.get("sub") == user.user_id]
    assert entry["expires_at"] - int(entry["SK"][:13]) // 1000 == 3600 + 120


def test_help_needs_no_aws_and_names_the_exit_codes() -> None:
    commands = ["", "user", "session", "token", "keys", "user create", "keys promote"]
    script = (
        "import sys; from sallyport_cli.main import sallyport\n"
        f"for command in {commands!r}:\n"
        "  try: sallyport([*command.split(), '--help'])\n"
        "  except SystemExit as ended: assert ended.code == 0\n"
        "  assert not {'boto3', 'botocore', 'rich'} & sys.modules.keys(), command\n"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)

    assert (ran.returncode, ran.stderr) == (0, "")
    before, *pages = ran.stdout.split("Usage: ")
    assert (before.strip(), len(pages)) == ("", len(commands))
    assert "Exit codes:" in pages[0]
