"""`sallyport user`: what becomes of the user, of their tokens, and of what is typed."""

from pathlib import Path
from typing import Any

import pytest

from dev.aws.deployment import Deployment
from dev.lambda_host.functions import LocalFunction
from dev.sam.template import ROOT, FunctionSpec
from sallyport.accounts.blocklist import shipped
from sallyport.accounts.user import User
from sallyport.aws.dynamodb.accounts import Accounts
from sallyport.identifiers import new_id
from tests.cli.operating import Ran, describe_stack, done, run
from tests.support.builders import an_audit
from tests.support.deployed import PASSWORD, Stack, sample
from tests.support.raw import every_item
from tests.support.wire import Wire

DENIED = {"isAuthorized": False}
DESCRIBED = ["user_id", "email", "status", "roles", "token_version", "created_at", "email_verified_at"]


def an_address() -> str:
    return f"{new_id().lower().strip('-_')}@example.com"


def bounded(stack: Stack, **more: str) -> LocalFunction:
    environment = {"TABLE_NAME": stack.deployment.table_name, "REVOCATION_MODE": "bounded", **more}
    return LocalFunction(FunctionSpec("Authorizer", ROOT / "functions" / "authorizer", environment, timeout=10))


def asked(access_token: str) -> dict[str, Any]:
    return sample("authorizer_allowed", authorization=f"Bearer {access_token}")


def test_a_created_user_logs_in_and_has_the_roles_they_were_given(stack: Stack) -> None:
    email = an_address()

    ran = done("user", "create", email, "--role", "a,b", "--role", "c", "--password-stdin", "--json", typed=PASSWORD)

    user = stack.accounts.named(email)
    assert user is not None
    assert ran.document == {
        "user_id": user.user_id,
        "email": email,
        "status": "active",
        "roles": ["a", "b", "c"],
        "token_version": 1,
        "created_at": user.created_at,
        "email_verified_at": None,
    }
    assert abs(user.created_at - stack.now) < 60
    access_token = stack.log_in(user).body["access_token"]
    assert stack.authorize(access_token)["context"]["roles"] == "a b c"


def test_the_end_of_the_line_is_no_part_of_the_password(stack: Stack) -> None:
    for end in ("\n", "\r\n", ""):
        email = an_address()
        done("user", "create", email, "--password-stdin", typed=PASSWORD + end)
        user = stack.accounts.named(email)
        assert user is not None
        assert stack.log_in(user).status == 200


def test_a_user_is_created_under_their_canonical_address(stack: Stack) -> None:
    email = an_address()

    done("user", "create", email.replace("example", "EXAMPLE"), "--password-stdin", typed=PASSWORD)

    assert stack.accounts.named(email) is not None


def test_an_address_that_is_taken_is_refused_and_its_user_stays(stack: Stack, user: User) -> None:
    ran = run("user", "create", user.email, "--password-stdin", typed="another password entirely")

    assert (ran.exit_code, ran.out, ran.err) == (1, "", f"Error: there is a user {user.email} already\n")
    assert stack.log_in(user).status == 200


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("canary-14-long", "A new password needs at least 15 characters."),
        ("canary" + "x" * 1019, "A password may have at most 1024 bytes."),
        ("CorrectHorseBatteryStaple", "This password is on a list of common ones, which are guessed first."),
        (b"canary \xff\xfe of fifteen", "standard input is not UTF-8"),
        ("canary" * 4000, "standard input holds too much"),
        ("canary of the first line\nand of a second", "standard input holds more than one line, and a password is one"),
        ("canary and an empty line\n\n", "standard input holds more than one line, and a password is one"),
        ("canary of an old\rMacintosh", "standard input holds more than one line, and a password is one"),
    ],
)
def test_a_password_that_is_refused_is_not_repeated(stack: Stack, user: User, typed: str | bytes, why: str) -> None:
    email = an_address()

    created = run("user", "create", email, "--password-stdin", typed=typed)
    changed = run("user", "set-password", user.email, "--password-stdin", typed=typed)

    for ran in (created, changed):
        assert (ran.exit_code, ran.out, ran.err) == (1, "", f"Error: {why}\n")
    assert stack.accounts.named(email) is None
    assert stack.log_in(user).status == 200


def test_an_address_is_no_password_of_its_own_user(stack: Stack) -> None:
    email = f"the.operator.{an_address()}"
    refused = "Error: A new password may not be the account's e-mail address, or the part before the @.\n"

    assert run("user", "create", email, "--password-stdin", typed=email.upper()).err == refused
    assert stack.accounts.named(email) is None

    done("user", "create", email, "--password-stdin", typed=PASSWORD)
    assert run("user", "set-password", email, "--password-stdin", typed=email.split("@", maxsplit=1)[0]).err == refused


def test_without_the_blocklist_no_password_is_taken(
    stack: Stack, user: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sallyport.accounts.blocklist.shipped", lambda _: shipped(15, tmp_path))

    ran = run("user", "set-password", user.email, "--password-stdin", typed=ANOTHER)

    assert (ran.exit_code, ran.out) == (1, "")
    assert ran.err.startswith("Error: the blocklist long.bin is missing: install the command anew")
    assert stack.log_in(user).status == 200


def test_a_byte_order_mark_is_no_part_of_the_password(stack: Stack) -> None:
    email = an_address()

    done("user", "create", email, "--password-stdin", typed=b"\xef\xbb\xbf" + PASSWORD.encode() + b"\r\n")

    user = stack.accounts.named(email)
    assert user is not None
    assert stack.log_in(user).status == 200


def test_a_password_is_never_an_argument_nor_taken_from_a_pipe_unasked(user: User) -> None:
    as_option = run("user", "create", an_address(), "--password", PASSWORD)
    as_argument = run("user", "create", an_address(), PASSWORD, "--password-stdin")
    unasked = run("user", "create", an_address(), typed=PASSWORD)
    nothing_is_read = run("user", "set-password", user.email, typed=PASSWORD)

    refused = (as_option, as_argument, unasked, nothing_is_read)
    assert {(ran.exit_code, ran.out) for ran in refused} == {(2, "")}
    assert "--password-stdin" in unasked.err
    assert "--password-stdin" in nothing_is_read.err


def test_a_user_is_shown_by_address_and_by_id(stack: Stack, user: User) -> None:
    stack.log_in(user)
    stack.log_in(user)

    by_address, by_id = done("user", "show", user.email, "--json"), done("user", "show", user.user_id)

    assert list(by_address.document) == [*DESCRIBED, "live_sessions"]
    assert by_address.document["live_sessions"] == 2
    assert ["user id", user.user_id] in by_id.rows
    assert ["email", user.email] in by_id.rows
    assert ["roles", "reader, writer"] in by_id.rows
    assert ["live sessions", "2"] in by_id.rows


@pytest.mark.parametrize("beginning", ["-", "--"])
def test_an_id_that_begins_with_a_dash_is_no_option(stack: Stack, beginning: str) -> None:
    user = stack.new_user(user_id=beginning + new_id()[len(beginning) :])

    assert done("user", "show", user.user_id, "--json").document["user_id"] == user.user_id


@pytest.mark.parametrize("name", ["nobody@example.com", "A" * 22, "imported-4711"])
@pytest.mark.parametrize(
    "command", ["show", "disable", "enable", "revoke", "roles", "set-password --password-stdin", "delete --yes"]
)
def test_a_user_who_does_not_exist_is_not_found(command: str, name: str) -> None:
    ran = run("user", *command.split(" "), name, "--json", typed=PASSWORD)

    assert (ran.exit_code, ran.out, ran.err) == (1, "", f"Error: there is no user {name}\n")


@pytest.mark.parametrize("name", ["", "ann smith", "ann@", "@example.com", "a b@example.com", "A" * 65, "--jsn", "-h"])
def test_what_is_neither_an_address_nor_an_id_is_wrong_usage(name: str) -> None:
    ran = run("user", "show", name)

    assert (ran.exit_code, ran.out) == (2, "")
    assert "Error: " in ran.err


def test_a_disabled_user_is_out_at_once_in_strict_and_within_five_seconds_in_bounded(stack: Stack, user: User) -> None:
    authorizer, tokens = bounded(stack), stack.log_in(user).body
    assert authorizer.invoke(asked(tokens["access_token"]))["isAuthorized"]

    ran = done("user", "disable", user.email, "--json")

    assert stack.authorize(tokens["access_token"]) == DENIED
    stack.clock.advance(5)
    assert authorizer.invoke(asked(tokens["access_token"])) == DENIED
    assert stack.log_in(user).status == stack.refresh(tokens["refresh_token"]).status == 401
    assert list(ran.document) == [*DESCRIBED, "changed", "bites_within_seconds"]
    assert (ran.document["status"], ran.document["token_version"]) == ("disabled", 2)
    assert (ran.document["changed"], ran.document["bites_within_seconds"]) == (True, 5)


def test_an_enabled_user_logs_in_again_and_their_old_tokens_stay_dead(stack: Stack, user: User) -> None:
    old = stack.log_in(user).body["access_token"]
    done("user", "disable", user.user_id)

    ran = done("user", "enable", user.user_id)

    assert ["status", "active"] in ran.rows
    assert ["The user may log in now."] in ran.rows
    assert stack.authorize(old) == DENIED
    assert stack.log_in(user).status == 200


def test_what_is_so_already_is_done_and_says_so(stack: Stack, user: User) -> None:
    enabled = done("user", "enable", user.email, "--json")
    same_roles = done("user", "roles", user.email, "--add", "reader", "--json")
    done("user", "disable", user.email)
    again = done("user", "disable", user.email)

    assert not enabled.document["changed"]
    assert not same_roles.document["changed"]
    assert ["The user is disabled already."] in again.rows
    assert ["changed", "no"] in again.rows
    assert stack.accounts.get(user.user_id) == User(**{**as_dict(user), "status": "disabled", "token_version": 2})


def test_a_revoked_user_has_no_live_token_left_and_may_log_in_again(stack: Stack, user: User) -> None:
    authorizer, tokens = bounded(stack), stack.log_in(user).body
    assert authorizer.invoke(asked(tokens["access_token"]))["isAuthorized"]

    ran = done("user", "revoke", user.email)

    assert stack.authorize(tokens["access_token"]) == DENIED
    stack.clock.advance(5)
    assert authorizer.invoke(asked(tokens["access_token"])) == DENIED
    assert stack.refresh(tokens["refresh_token"]).status == 401
    assert stack.log_in(user).status == 200
    assert "within 5 s (bounded mode)" in ran.out


def test_new_roles_reach_the_authorizer_at_once_in_strict_and_within_five_seconds_in_bounded(
    stack: Stack, user: User
) -> None:
    authorizer, token = bounded(stack, CONTEXT_ROLES="true"), stack.log_in(user).body["access_token"]
    assert authorizer.invoke(asked(token))["context"]["roles"] == "reader writer"

    ran = done("user", "roles", user.email, "--add", "admin,auditor", "--remove", "writer", "--json")

    assert stack.authorize(token)["context"]["roles"] == "reader admin auditor"
    stack.clock.advance(5)
    assert authorizer.invoke(asked(token))["context"]["roles"] == "reader admin auditor"
    assert list(ran.document) == [*DESCRIBED, "changed"]
    assert ran.document["roles"] == ["reader", "admin", "auditor"]


def test_roles_are_set_taken_away_and_shown(user: User) -> None:
    assert done("user", "roles", user.email, "--set", "b,a,b", "--json").document["roles"] == ["b", "a"]
    assert done("user", "roles", user.email, "--set", "", "--json").document["roles"] == []
    assert ["roles", "-"] in done("user", "roles", user.email).rows


@pytest.mark.parametrize(
    "options",
    [
        ("--set", "a b"),
        ("--add", "ä"),
        ("--add", "a\nb"),
        ("--remove", "x" * 65),
        ("--set", "a", "--add", "b"),
        ("--set", "", "--remove", "b"),
        ("--set", ",".join(f"r{number}" for number in range(33))),
    ],
)
def test_roles_that_no_context_could_carry_are_wrong_usage(stack: Stack, user: User, options: tuple[str, ...]) -> None:
    ran = run("user", "roles", user.email, *options)

    assert (ran.exit_code, ran.out) == (2, "")
    assert stack.accounts.get(user.user_id) == user


def test_the_longest_role_and_as_many_as_there_may_be_are_accepted(user: User) -> None:
    most = [f"{number:02}".ljust(64, "x") for number in range(32)]

    assert done("user", "roles", user.email, "--set", ",".join(most), "--json").document["roles"] == most


CHANGES = ["disable", "revoke", "roles --add admin", "set-password --password-stdin"]


@pytest.mark.parametrize("command", CHANGES)
def test_a_race_that_is_lost_reads_the_user_again(
    stack: Stack, user: User, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    be_stale(monkeypatch, user, times=1 + command.startswith("set-password"))  # who looks before asking reads twice
    assert stack.revocations.raise_version(user.user_id, 1, an_audit(user.user_id, stack.now * 1000))

    ran = change(command, user)

    assert ran.exit_code == 0
    assert ran.document["token_version"] == 2 + (command != "roles --add admin")


@pytest.mark.parametrize("command", [*CHANGES, "delete --yes"])
def test_a_race_that_is_lost_again_and_again_is_given_up(
    stack: Stack, user: User, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    be_stale(monkeypatch, user, times=4)
    assert stack.revocations.raise_version(user.user_id, 1, an_audit(user.user_id, stack.now * 1000))

    ran = change(command, user)

    assert (ran.exit_code, ran.out) == (1, "")
    assert ran.err == "Error: the user was changed by somebody else meanwhile; try again\n"


def change(command: str, user: User) -> Ran:
    name, *options = command.split(" ")
    return run("user", name, user.user_id, *options, "--json", typed=PASSWORD)


ANOTHER = "another password entirely"


@pytest.mark.parametrize("status", ["active", "disabled"])
def test_another_password_opens_and_every_session_of_the_old_one_is_dead(stack: Stack, user: User, status: str) -> None:
    authorizer, tokens = bounded(stack), stack.log_in(user).body
    assert authorizer.invoke(asked(tokens["access_token"]))["isAuthorized"]
    if status == "disabled":
        done("user", "disable", user.email)

    ran = done("user", "set-password", user.email, "--password-stdin", "--json", typed=ANOTHER)

    assert stack.authorize(tokens["access_token"]) == DENIED
    stack.clock.advance(5)
    assert authorizer.invoke(asked(tokens["access_token"])) == DENIED
    assert stack.refresh(tokens["refresh_token"]).status == 401
    assert stack.log_in(user).status == 401
    assert stack.log_in(user, ANOTHER).status == (200 if status == "active" else 401)
    assert list(ran.document) == [*DESCRIBED, "changed", "bites_within_seconds"]
    assert (ran.document["status"], ran.document["changed"]) == (status, True)


def test_another_password_says_when_it_is_felt(user: User) -> None:
    ran = done("user", "set-password", user.user_id, "--password-stdin", typed=ANOTHER)

    assert "access tokens are refused within 5 s (bounded mode)" in ran.out
    assert ANOTHER not in ran.out


def test_of_a_deleted_user_nothing_is_left_but_what_tells_authorizers_and_auditors(stack: Stack, user: User) -> None:
    authorizer, tokens = bounded(stack), stack.log_in(user).body
    for _ in range(2):
        stack.log_in(user)
    assert authorizer.invoke(asked(tokens["access_token"]))["isAuthorized"]

    ran = done("user", "delete", user.email, "--yes", "--json")

    assert stack.authorize(tokens["access_token"]) == DENIED
    stack.clock.advance(5)
    assert authorizer.invoke(asked(tokens["access_token"])) == DENIED
    assert stack.log_in(user).status == stack.refresh(tokens["refresh_token"]).status == 401
    bites = {"bites_within_seconds": 5}
    assert ran.document == {"user_id": user.user_id, "email": user.email, "changed": True, **bites}
    assert {item["PK"]["S"] for item in about(stack, user)} == {"REVOKED#0", f"AUDIT#{user.user_id}"}


def test_another_may_have_the_address_of_a_deleted_user(stack: Stack, user: User) -> None:
    done("user", "delete", user.user_id, "--yes")

    created = done("user", "create", user.email, "--password-stdin", "--json", typed=ANOTHER)

    assert created.document["user_id"] != user.user_id
    assert stack.log_in(user, ANOTHER).status == 200


def test_a_deletion_that_stopped_half_way_is_finished_by_repeating_it_with_the_id(
    stack: Stack, wire: Wire, user: User
) -> None:
    tokens = stack.log_in(user).body
    wire.refuse("BatchWriteItem")
    stopped = run("user", "delete", user.email, "--yes")
    wire.reset()
    assert (stopped.exit_code, stopped.err.count("\n")) == (1, 1)
    assert stack.authorize(tokens["access_token"]) == DENIED
    assert about(stack, user)

    ran = done("user", "delete", user.user_id, "--yes", "--json")

    assert ran.document == {"user_id": user.user_id, "changed": True}
    assert {item["PK"]["S"] for item in about(stack, user)} == {"REVOKED#0", f"AUDIT#{user.user_id}"}


def test_a_deletion_whose_answer_was_lost_is_finished(
    stack: Stack, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client sends it once more, and then the user is no longer as they were read."""
    stack.log_in(user)
    be_stale(monkeypatch, user, times=2)
    assert stack.accounts.delete(user, an_audit(user, stack.now * 1000))

    assert done("user", "delete", user.user_id, "--yes", "--json").document["changed"]

    assert {item["PK"]["S"] for item in about(stack, user)} == {"REVOKED#0", f"AUDIT#{user.user_id}"}


def test_nobody_is_deleted_unasked(stack: Stack, user: User) -> None:
    ran = run("user", "delete", user.email, typed="y\n")

    assert (ran.exit_code, ran.out) == (2, "")
    assert "--yes" in ran.err
    assert stack.log_in(user).status == 200


def test_every_user_is_on_one_page(stack: Stack) -> None:
    made = {stack.new_user().user_id for _ in range(5)}
    listed: list[dict[str, Any]] = []
    after: list[str] = []
    while True:
        document = done("user", "list", "--limit", "3", *after, "--json").document
        listed += document["users"]
        if document["next"] is None:
            break
        assert len(document["users"]) == 3
        after = ["--after", document["next"]]

    ids = [user["user_id"] for user in listed]
    assert made <= set(ids)
    assert len(ids) == len(set(ids))
    assert {tuple(user) for user in listed} == {tuple(DESCRIBED)}


def test_a_page_ends_with_where_to_go_on(stack: Stack) -> None:
    for _ in range(2):
        stack.new_user()

    first = done("user", "list", "--limit", "1")

    following = done("user", "list", "--limit", "1", "--json").document["next"]
    assert first.out.endswith(f"There are more: go on with --after {following}\n")
    assert ["user id", "email", "status", "roles", "token version", "created at", "email verified at"] in first.rows


def test_a_page_may_begin_behind_an_imported_user(stack: Stack, user: User) -> None:
    assert "users" in done("user", "list", "--limit", "1", "--after", "imported-4711", "--json").document


@pytest.mark.parametrize("options", [("--limit", "0"), ("--limit", "1001"), ("--after", "ann@example.com")])
def test_what_can_be_no_page_is_wrong_usage(options: tuple[str, str]) -> None:
    assert run("user", "list", *options).exit_code == 2


def about(stack: Stack, user: User) -> list[dict[str, Any]]:
    """Find every item in the table that says anything of a user."""
    items = every_item(stack.deployment.table_name)
    return [item for item in items if user.user_id in repr(item) or user.email in repr(item)]


def be_stale(monkeypatch: pytest.MonkeyPatch, user: User, *, times: int) -> None:
    """Let the next readings be from before somebody else's change."""
    stale, read = [user] * times, Accounts.get
    monkeypatch.setattr(Accounts, "get", lambda users, user_id: stale.pop() if stale else read(users, user_id))


def as_dict(user: User) -> dict[str, Any]:
    return {name: getattr(user, name) for name in User.__slots__}


def test_an_operator_chooses_by_the_rules_of_the_stack(stack: Stack, deployment: Deployment) -> None:
    outputs = {
        "TableName": deployment.table_name,
        "RotateKeysName": "RotateKeys",
        "MailQueueUrl": deployment.mail.url,
    }
    describe_stack("stricter", outputs, {"PasswordMinLength": "30", "ServiceName": "the thirty letters of our service"})
    email = an_address()

    def chosen(password: str) -> Ran:
        return run("--stack", "stricter", "user", "create", email, "--password-stdin", typed=password)

    short, name = chosen(PASSWORD), chosen("The Thirty Letters of our Service")

    assert short.err == "Error: A new password needs at least 30 characters.\n"
    assert name.err == "Error: A new password may not be the name of this service.\n"
    assert stack.accounts.named(email) is None
