"""`sallyport user`: accounts."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click
from tenacity import retry, retry_if_exception_type, stop_after_attempt

from sallyport.accounts.hashing import Passwords
from sallyport.accounts.password import (
    MAX_PASSWORD_BYTES,
    MIN_PASSWORD_LENGTH,
    NormalPassword,
    PasswordTooLong,
    PasswordTooShort,
    chosen,
)
from sallyport.accounts.user import FIRST_TOKEN_VERSION, User
from sallyport.identifiers import new_id
from sallyport.use_cases.list_sessions import live_sessions
from sallyport_cli import dial, typed
from sallyport_cli.arguments import Email, Roles, UserName, distinct
from sallyport_cli.command import Group
from sallyport_cli.errors import ChangedMeanwhile, Refused
from sallyport_cli.output import Answer

if TYPE_CHECKING:
    from sallyport_cli.stack import Stack

_until_nobody_else_changes_him = retry(
    retry=retry_if_exception_type(ChangedMeanwhile), stop=stop_after_attempt(3), reraise=True
)


@click.group("user", cls=Group)
def user_commands() -> None:
    """Make users, look at them, keep them out and let them in."""


def found(stack: "Stack", name: str) -> User:
    """Find the user who is named on the command line. Raises Refused."""
    user = stack.users.named(name) if "@" in name else stack.users.get(name)
    if user is None:
        raise Refused(f"there is no user {name}")
    return user


@user_commands.command()
@click.argument("email", type=Email(), metavar="EMAIL")
@click.option("--role", "roles", type=Roles(), multiple=True, help="A role, or several with commas. May be repeated.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input instead of asking for it.")
def create(stack: "Stack", email: str, roles: tuple[tuple[str, ...], ...], *, password_stdin: bool) -> Answer:
    """Make a user who may log in at once. His address is not verified."""
    his_roles = distinct(*roles)
    password = _new_password(typed.password(from_stdin=password_stdin))
    user = User(
        user_id=new_id(),
        email=email,
        token_version=FIRST_TOKEN_VERSION,
        status="active",
        roles=his_roles,
        created_at=stack.now,
    )
    if not stack.users.create(user, Passwords().hash(password)):
        raise Refused(f"there is a user {email} already")
    return Answer(_described(user))


@user_commands.command()
@click.argument("user", type=UserName(), metavar="USER")
def show(stack: "Stack", user: str) -> Answer:
    """Show a user and how many live sessions he has."""
    him = found(stack, user)
    live = live_sessions(him, stack.sessions.of_user(him.user_id), current_sid="", now=stack.now)
    return Answer({**_described(him), "live_sessions": len(live)})


@user_commands.command()
@click.argument("user", type=UserName(), metavar="USER")
def disable(stack: "Stack", user: str) -> Answer:
    """Keep a user out: all his tokens and sessions die, and he cannot log in until he is enabled."""

    def keep_out(him: User) -> User:
        if him.status == "disabled":
            return him
        if not stack.revocations.disable(him, now_ms=stack.clock()):
            raise ChangedMeanwhile
        return replace(him, status="disabled", token_version=him.token_version + 1)

    return _changed(stack, user, keep_out, dial.revoked, "He is disabled already.")


@user_commands.command()
@click.argument("user", type=UserName(), metavar="USER")
def enable(stack: "Stack", user: str) -> Answer:
    """Let a disabled user log in again. His old tokens stay dead."""

    def let_in(him: User) -> User:
        if him.status == "active":
            return him
        if not stack.users.enable(him.user_id):
            raise ChangedMeanwhile
        return replace(him, status="active")

    return _changed(stack, user, let_in, lambda _: "He may log in now.", "He is not disabled.")


@user_commands.command()
@click.argument("user", type=UserName(), metavar="USER")
def revoke(stack: "Stack", user: str) -> Answer:
    """Kill every token and session of a user, by raising his token version. He may log in again at once."""

    def raise_version(him: User) -> User:
        if not stack.revocations.raise_version(him.user_id, him.token_version, now_ms=stack.clock()):
            raise ChangedMeanwhile
        return replace(him, token_version=him.token_version + 1)

    return _changed(stack, user, raise_version, dial.revoked, "")


@user_commands.command()
@click.argument("user", type=UserName(), metavar="USER")
@click.option("--set", "exactly", type=Roles(), help='Give him these roles and no others; "" takes all away.')
@click.option("--add", "more", type=Roles(), multiple=True, help="Give him these too. May be repeated.")
@click.option("--remove", "fewer", type=Roles(), multiple=True, help="Take these away. May be repeated.")
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
    gone = set(distinct(*fewer))

    def give(him: User) -> User:
        kept = exactly if exactly is not None else tuple(role for role in him.roles if role not in gone)
        wanted = distinct(kept, *more)
        if wanted == him.roles:
            return him
        if not stack.revocations.change_roles(him, wanted, now_ms=stack.clock()):
            raise ChangedMeanwhile
        return replace(him, roles=wanted)

    return _changed(stack, user, give, dial.roles_changed, "He has these roles already.")


@_until_nobody_else_changes_him
def _changed(
    stack: "Stack", name: str, change: Callable[[User], User], done: Callable[[Any], str], nothing_to_do: str
) -> Answer:
    """Read the user, change him, and say what became of him. A lost race reads him again."""
    before = found(stack, name)
    after = change(before)
    is_changed = after != before
    note = done(stack.told) if is_changed else nothing_to_do
    revokes = {"bites_within_seconds": dial.bites_within_seconds(stack.told)} if done is dial.revoked else {}
    return Answer({**_described(after), "changed": is_changed, **revokes}, note)


def _described(user: User) -> dict[str, Any]:
    return {
        "user_id": user.user_id,
        "email": user.email,
        "status": user.status,
        "roles": list(user.roles),
        "token_version": user.token_version,
        "created_at": user.created_at,
    }


def _new_password(text: str) -> NormalPassword:
    try:
        return chosen(text)
    except PasswordTooShort:
        raise Refused(f"the password needs at least {MIN_PASSWORD_LENGTH} characters") from None
    except PasswordTooLong:
        raise Refused(f"the password may have at most {MAX_PASSWORD_BYTES} bytes") from None
    except UnicodeEncodeError:  # its text is the password
        raise Refused("the password is not text that this terminal can write") from None
