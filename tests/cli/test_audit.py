"""`sallyport audit`: the trail of every command that changes something, and who the operator is."""

import json

from sallyport.accounts.user import User
from sallyport.audit import KEYS
from tests.cli.conftest import KeyStack
from tests.cli.operating import done, run
from tests.support.deployed import PASSWORD, Stack

ANN = "arn:aws:sts::123456789012:user/moto"
"""Whose credentials moto takes all credentials for."""


def test_every_command_that_changes_a_user_leaves_its_entry_in_the_operators_name(stack: Stack, user: User) -> None:
    created = f"x{user.email}"
    done("user", "create", created, "--role", "reader", "--password-stdin", typed=PASSWORD)
    done("user", "roles", created, "--add", "admin")
    done("user", "roles", created, "--add", "admin")  # which changes nothing
    done("user", "set-password", created, "--password-stdin", typed=PASSWORD)
    done("user", "disable", created)
    done("user", "enable", created)
    done("user", "revoke", created)
    owner = stack.accounts.named(created)
    assert owner is not None
    sid = stack.log_in(owner).body["session_id"]
    done("session", "revoke", created, sid)
    done("user", "delete", created, "--yes")

    shown = done("audit", owner.user_id, "--json").document

    assert shown["about"] == owner.user_id
    assert [entry["action"] for entry in shown["entries"]] == [
        "user.created",
        "roles.changed",
        "password.set",
        "user.disabled",
        "user.enabled",
        "sessions.revoked",
        "session.revoked",
        "user.deleted",
    ]
    assert {entry["by"] for entry in shown["entries"]} == {f"operator:{ANN}"}
    created_, changed, _, disabled, enabled, _, ended, deleted = shown["entries"]
    assert (created_["roles_before"], created_["roles_after"]) == (None, ["reader"])
    assert (changed["roles_before"], changed["roles_after"]) == (["reader"], ["reader", "admin"])
    assert (disabled["status_before"], disabled["status_after"]) == ("active", "disabled")
    assert (enabled["status_before"], enabled["status_after"]) == ("disabled", "active")
    assert ended["sid"] == sid
    assert (deleted["status_before"], deleted["status_after"]) == ("active", None)


def test_what_a_user_does_stands_between_with_its_request(stack: Stack, user: User) -> None:
    tokens = stack.log_in(user).body
    stack.log_out(refresh_token=tokens["refresh_token"], everywhere=True)

    entries = done("audit", user.email, "--json").document["entries"]

    (ended,) = (entry for entry in entries if entry["action"] == "sessions.revoked")
    assert (ended["by"], ended["by_sid"]) == ("self", tokens["session_id"])
    assert ended["request_id"]
    assert user.email not in json.dumps(entries)


def test_people_get_a_table_in_which_nothing_is_cut(user: User) -> None:
    done("user", "disable", user.email)

    rows = done("audit", user.email).rows

    assert any("user.disabled" in row and f"operator:{ANN}" in row for row in rows)


def test_an_address_that_nobody_has_is_refused_and_an_id_without_entries_has_none() -> None:
    assert run("audit", "nobody@example.com").exit_code == 1
    assert done("audit", "nobody", "--json").document == {"about": "nobody", "entries": []}


def test_keys_have_a_trail_of_their_own(key_stack: KeyStack) -> None:
    before = len(done("audit", KEYS, "--stack", key_stack.name, "--json").document["entries"])
    promoted = done("keys", "promote", "access", "--drop-older", "--yes", "--json", "--stack", key_stack.name).document

    entries = done("audit", KEYS, "--stack", key_stack.name, "--json").document["entries"]

    assert before == 4
    assert {entry["by"] for entry in entries[:before]} == {"system"}
    told = {(entry["action"], entry["kid"]) for entry in entries[before:]}
    assert ("key.promoted", promoted["signing_from_now_on"]) in told
    assert {("key.dropped", kid) for kid in promoted["dropped"]} < told
    assert {entry["by"] for entry in entries[before:]} == {f"operator:{ANN}"}
    assert all(entry["use"] == "access" and entry["request_id"] for entry in entries[before:])
