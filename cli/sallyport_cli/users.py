"""`sallyport user`: accounts."""

from typing import TYPE_CHECKING, Any

import click

from sallyport.accounts.hashing import Passwords
from sallyport.accounts.user import User
from sallyport.trail import Note
from sallyport.use_cases.list_sessions import live_sessions
from sallyport.use_cases.manage_users import AddressTaken, Changed, Deleted
from sallyport_cli import dial, typed
from sallyport_cli.arguments import USER, Email, Roles, UserId, UserName, joined
from sallyport_cli.command import Group, examples
from sallyport_cli.errors import Refused
from sallyport_cli.output import Answer
from sallyport_cli.passwords import new_password

if TYPE_CHECKING:
    from sallyport_cli.stack import Stack

_USUAL_PAGE = 50
_LONGEST_PAGE = 1000
_SAME_ROLES = "The user has these roles already."

_the_user = click.argument("user", type=UserName(), metavar="USER", help=USER)
_password_stdin = click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input instead of asking for it."
)


@click.group(
    "user",
    cls=Group,
    short_help="Make users, keep them out, let them in.",
    epilog=examples(
        "user create ann@example.com --role admin,auditor",
        "user set-password ann@example.com",
        "user disable ann@example.com",
        "user list --limit 20 --json",
    ),
)
def user_commands() -> None:
    """Make users, look at them, keep them out and let them in."""


def found(stack: "Stack", name: str) -> User:
    """Return the user who is named on the command line. Raises Refused."""
    user = _looked_up(stack, name)
    if user is None:
        raise Refused(f"there is no user {name}")
    return user


def _looked_up(stack: "Stack", name: str) -> User | None:
    return stack.accounts.named(name) if "@" in name else stack.accounts.get(name)


@user_commands.command(short_help="Make a user who may log in at once.")
@click.argument("email", type=Email(), metavar="EMAIL", help="The user's e-mail address, with which they log in.")
@click.option("--role", "roles", type=Roles(), multiple=True, help="A role, or several with commas. May be repeated.")
@click.option("--verified", is_flag=True, help="You know that the user reads mail at this address.")
@_password_stdin
def create(
    stack: "Stack", email: str, roles: tuple[tuple[str, ...], ...], *, verified: bool, password_stdin: bool
) -> Answer:
    """Make a user who may log in at once. Nothing is mailed to them."""
    all_roles = joined(*roles)
    password = new_password(email, stack.settings, from_stdin=password_stdin)
    try:
        user = stack.manage_users.create(email, Passwords().hash(password), roles=all_roles, is_verified=verified)
    except AddressTaken:
        raise Refused(f"there is a user {email} already") from None
    return Answer(_described(user))


@user_commands.command(short_help="Show a user and how many live sessions they have.")
@_the_user
def show(stack: "Stack", user: str) -> Answer:
    """Show a user and how many live sessions they have."""
    shown = found(stack, user)
    live = live_sessions(shown, stack.sessions.of_user(shown.user_id), current_sid="", now=stack.now)
    return Answer({**_described(shown), "live_sessions": len(live)})


@user_commands.command("list", short_help="List users, a page at a time.")
@click.option(
    "--limit",
    type=click.IntRange(1, _LONGEST_PAGE),
    default=_USUAL_PAGE,
    show_default=True,
    help="How many users a page has at most.",
)
@click.option("--after", type=UserId(), metavar="USER_ID", help="Go on behind this user: `next` of the page before.")
def list_users(stack: "Stack", limit: int, after: str | None) -> Answer:
    """List users, a page at a time, in no order that means anything.

    This reads the table itself, sessions and all, a megabyte at a time until the page is full. A gigabyte costs about
    3 cents, so take long pages of a big table. To look for one user, `user show` reads two items.
    """
    users, following = stack.accounts.page(limit, after=after)
    note = f"There are more: go on with --after {following}" if following else ""
    return Answer({"users": [_described(user) for user in users], "next": following}, note)


@user_commands.command(short_help="Keep a user out; their sessions and tokens die.")
@_the_user
def disable(stack: "Stack", user: str) -> Answer:
    """Keep a user out: all their tokens and sessions die, and they cannot log in until they are enabled."""
    changed = stack.manage_users.disable(found(stack, user).user_id)
    return _revoked(stack, changed, otherwise="The user is disabled already.")


@user_commands.command(short_help="Let a disabled user log in again.")
@_the_user
def enable(stack: "Stack", user: str) -> Answer:
    """Let a disabled user log in again. Their old tokens stay dead."""
    changed = stack.manage_users.enable(found(stack, user).user_id)
    return _answer(changed, "The user may log in now." if changed.is_changed else "The user is not disabled.")


@user_commands.command(short_help="Kill every session and token of a user.")
@_the_user
def revoke(stack: "Stack", user: str) -> Answer:
    """Kill every token and session of a user, by raising their token version. They may log in again at once."""
    return _revoked(stack, stack.manage_users.revoke(found(stack, user).user_id))


@user_commands.command("set-password", short_help="Give a user another password.")
@_the_user
@_password_stdin
def set_password(stack: "Stack", user: str, *, password_stdin: bool) -> Answer:
    """Give a user another password. All their tokens and sessions die; a disabled user stays disabled."""
    known = found(stack, user)  # before anybody types a password for nobody
    new_hash = Passwords().hash(new_password(known.email, stack.settings, from_stdin=password_stdin))
    return _revoked(stack, stack.manage_users.set_password(known.user_id, new_hash))


@user_commands.command(short_help="Delete a user and all that is about them.")
@_the_user
@click.option("--yes", is_flag=True, help="Do not ask.")
def delete(stack: "Stack", user: str, *, yes: bool) -> Answer:
    """Delete a user for good: account, password, sessions. Every token of theirs dies.

    If that fails half-way, the user is gone and some of their dead sessions are not: repeat it with the user's id.
    """
    known = _looked_up(stack, user)
    if known is None:
        return _forgotten(stack, user)
    if not yes:
        _confirm_deletion(known, stack.where)
    done = stack.manage_users.delete(known.user_id)
    return _deleted(stack, known, done)


@user_commands.command(short_help="Show a user's roles, or change them.")
@_the_user
@click.option("--set", "exactly", type=Roles(), help='Give exactly these roles and no others; "" takes all away.')
@click.option("--add", "more", type=Roles(), multiple=True, help="Give these roles, too. May be repeated.")
@click.option("--remove", "fewer", type=Roles(), multiple=True, help="Take these roles away. May be repeated.")
def roles(
    stack: "Stack",
    user: str,
    exactly: tuple[str, ...] | None,
    more: tuple[tuple[str, ...], ...],
    fewer: tuple[tuple[str, ...], ...],
) -> Answer:
    """Show a user's roles, or change them. ROLES are separated by commas. This revokes nothing."""
    if exactly is not None and (more or fewer):
        raise click.UsageError("--set excludes --add and --remove.")
    if exactly is None and not more and not fewer:
        return Answer(_described(found(stack, user)))
    gone = set(joined(*fewer))

    def wanted(roles: tuple[str, ...]) -> tuple[str, ...]:
        kept = exactly if exactly is not None else tuple(role for role in roles if role not in gone)
        return joined(kept, *more)

    changed = stack.manage_users.change_roles(found(stack, user).user_id, wanted)
    return _answer(changed, dial.roles_changed(stack.settings) if changed.is_changed else _SAME_ROLES)


def _answer(changed: Changed, note: str, **more: Any) -> Answer:
    described = {**_described(changed.user), "changed": changed.is_changed, **more}
    return Answer(described, note + _lost(changed.also))


def _revoked(stack: "Stack", changed: Changed, *, otherwise: str = "") -> Answer:
    """Say what became of a user, and when their tokens are refused."""
    note = dial.revoked(stack.settings) if changed.is_changed else otherwise
    return _answer(changed, note, bites_within_seconds=dial.refused_within_seconds(stack.settings))


def _confirm_deletion(user: User, where: str) -> None:
    if not typed.is_terminal():
        raise click.UsageError("There is no terminal to ask for confirmation: add --yes.")
    click.echo(f"{user.email} ({user.user_id}) will be deleted for good on {where}.", err=True)
    click.confirm("Go on?", abort=True, err=True)


def _deleted(stack: "Stack", user: User, done: Deleted) -> Answer:
    told = {
        "user_id": user.user_id,
        "email": user.email,
        "changed": True,
        "bites_within_seconds": dial.refused_within_seconds(stack.settings),
    }
    return Answer(told, dial.revoked(stack.settings) + _lost(done.also))


def _lost(also: tuple[Note, ...]) -> str:
    return " The mail that tells the user of it could not be sent." if "notice_lost" in also else ""


def _forgotten(stack: "Stack", name: str) -> Answer:
    """Delete the sessions of a user whose deletion stopped half-way. Raises Refused if there are none."""
    if "@" in name or not stack.manage_users.delete(name).is_changed:
        raise Refused(f"there is no user {name}")
    return Answer({"user_id": name, "changed": True}, "The user was deleted before; now their sessions are gone, too.")


def _described(user: User) -> dict[str, Any]:
    return {
        "user_id": user.user_id,
        "email": user.email,
        "status": user.status,
        "roles": list(user.roles),
        "token_version": user.token_version,
        "created_at": user.created_at,
        "email_verified_at": user.email_verified_at,
    }
