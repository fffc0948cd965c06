"""`sallyport session`: what an operator sees of sessions, strangers' text in it included, and how they end one."""

import pytest

from sallyport.accounts.user import User
from sallyport.identifiers import new_id
from tests.cli.operating import done, run
from tests.cli.test_users import DENIED, asked, bounded
from tests.support.builders import a_session
from tests.support.deployed import Stack

DAY = 86_400


def test_live_sessions_are_listed_and_dead_ones_are_not(stack: Stack, user: User) -> None:
    kept, ended = stack.log_in(user).body, stack.log_in(user).body
    stack.log_out(refresh_token=ended["refresh_token"])

    as_json, as_table = done("session", "list", user.email, "--json"), done("session", "list", user.user_id)

    (session,) = as_json.document["sessions"]
    assert list(session) == ["sid", "created_at", "last_used_at", "expires_at", "user_agent", "ip"]
    assert session["sid"] == kept["session_id"]
    assert ["sid", "created at", "last used at", "expires at", "user agent", "ip"] in as_table.rows
    assert [row[0] for row in as_table.rows if row].count(kept["session_id"]) == 1
    assert ended["session_id"] not in as_table.out


def test_a_user_without_sessions_has_none(user: User) -> None:
    assert done("session", "list", user.email, "--json").document == {"user_id": user.user_id, "sessions": []}
    assert ["sessions", "-"] in done("session", "list", user.email).rows


def test_a_user_agent_cannot_command_the_terminal_that_shows_it(stack: Stack, user: User) -> None:
    """Escape sequences, ends of lines, marks that turn writing around, and rich's own markup."""
    hostile = "\x1b[31m\x1b]0;title\x07 [red]x[/red] [link=https://evil.example]y[/link] a\r\nb\t"
    hostile += "\x9b2J \u202eevil\u2028 :smile:"
    now = stack.now
    times = {"created_at": now, "last_used_at": now, "expires_at": now + DAY, "idle_expires_at": now + DAY}
    stack.keep(a_session(user, user_agent=hostile, **times))

    as_table, as_json = done("session", "list", user.email), done("session", "list", user.email, "--json")

    assert as_table.out.replace("\n", "").isprintable()
    assert r"\x1b[31m\x1b]0;title\x07 [red]x[/red] [link=https://evil.example]y[/link] a\r\nb\t" in as_table.out
    assert r"\x9b2J \u202eevil\u2028 :smile:" in as_table.out
    assert as_json.out.replace("\n", "").isprintable()
    assert as_json.document["sessions"][0]["user_agent"] == hostile


def test_a_revoked_session_is_over_and_the_others_live_on(stack: Stack, user: User) -> None:
    authorizer, ended, kept = bounded(stack), stack.log_in(user).body, stack.log_in(user).body
    assert authorizer.invoke(asked(ended["access_token"]))["isAuthorized"]

    ran = done("session", "revoke", user.email, ended["session_id"], "--json")

    assert stack.authorize(ended["access_token"]) == DENIED
    assert stack.authorize(kept["access_token"])["isAuthorized"]
    stack.clock.advance(5)
    assert authorizer.invoke(asked(ended["access_token"])) == DENIED
    assert authorizer.invoke(asked(kept["access_token"]))["isAuthorized"]
    assert stack.refresh(ended["refresh_token"]).status == 401
    assert ran.document == {
        "user_id": user.user_id,
        "sid": ended["session_id"],
        "changed": True,
        "bites_within_seconds": 5,
    }


def test_a_session_that_is_revoked_already_is_no_error(stack: Stack, user: User) -> None:
    sid = stack.log_in(user).body["session_id"]

    first, second = (done("session", "revoke", user.email, sid) for _ in range(2))

    assert ["changed", "yes"] in first.rows
    assert ["changed", "no"] in second.rows
    assert ["It was revoked already."] in second.rows


@pytest.mark.parametrize("whose", ["nobody's", "another user's"])
def test_a_session_that_the_user_does_not_have_is_not_found(stack: Stack, user: User, whose: str) -> None:
    tokens = stack.log_in(stack.new_user()).body
    sid = tokens["session_id"] if whose == "another user's" else new_id()

    ran = run("session", "revoke", user.email, sid, "--json")

    assert (ran.exit_code, ran.out, ran.err) == (1, "", f"Error: {user.email} has no session {sid}\n")
    assert stack.authorize(tokens["access_token"])["isAuthorized"]


def test_a_sid_that_begins_with_a_dash_is_no_option(stack: Stack, user: User) -> None:
    sid = "--" + new_id()[2:]
    stack.keep(a_session(user, sid=sid))

    assert done("session", "revoke", user.email, sid, "--json").document["changed"]


def test_what_can_be_no_sid_is_wrong_usage(user: User) -> None:
    assert run("session", "revoke", user.email, "a#b").exit_code == 2
