"""`sallyport session`: where a user is logged in."""

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from sallyport.use_cases.list_sessions import live_sessions
from sallyport_cli import dial
from sallyport_cli.arguments import USER, Identifier, UserName
from sallyport_cli.command import Group, examples
from sallyport_cli.errors import Refused
from sallyport_cli.output import Answer
from sallyport_cli.users import found

if TYPE_CHECKING:
    from sallyport_cli.stack import Stack


@click.group(
    "session",
    cls=Group,
    short_help="Look at a user's sessions and end one.",
    epilog=examples("session list ann@example.com", "session revoke ann@example.com q83vEjRWeJCrze8SNFZ4kA"),
)
def session_commands() -> None:
    """Look at a user's sessions and end one."""


@session_commands.command("list", short_help="List a user's live sessions.")
@click.argument("user", type=UserName(), metavar="USER", help=USER)
def list_live(stack: "Stack", user: str) -> Answer:
    """List a user's live sessions, the last used first (to the hour)."""
    owner = found(stack, user)
    live = live_sessions(owner, stack.sessions.of_user(owner.user_id), current_sid="", now=stack.now)
    rows = [{name: value for name, value in asdict(session).items() if name != "current"} for session in live]
    return Answer({"user_id": owner.user_id, "sessions": rows})


@session_commands.command(short_help="End one session of a user.")
@click.argument("user", type=UserName(), metavar="USER", help=USER)
@click.argument("sid", type=Identifier(), metavar="SID", help="The session's id, as `session list` shows it.")
def revoke(stack: "Stack", user: str, sid: str) -> Answer:
    """End one session of a user."""
    owner = found(stack, user)
    is_ended = stack.manage_users.end_session(owner.user_id, sid)
    if not is_ended and stack.sessions.load(owner.user_id, sid)[1] is None:
        raise Refused(f"{user} has no session {sid}")
    document = {
        "user_id": owner.user_id,
        "sid": sid,
        "changed": is_ended,
        "bites_within_seconds": dial.refused_within_seconds(stack.settings),
    }
    return Answer(document, dial.revoked(stack.settings) if is_ended else "It was revoked already.")
