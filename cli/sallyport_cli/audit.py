"""`sallyport audit`: who changed an account or a key, and when."""

from typing import TYPE_CHECKING, Any

import click

from sallyport.audit import KEYS, AuditEntry
from sallyport_cli.arguments import UserName
from sallyport_cli.command import Command, examples
from sallyport_cli.output import Answer
from sallyport_cli.users import found

if TYPE_CHECKING:
    from sallyport_cli.stack import Stack


class Audited(UserName):
    """A user, or what the entries about the signing keys are kept under."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        return KEYS if value == KEYS else super().convert(value, param, ctx)


@click.command(
    cls=Command,
    short_help="Show what was changed of a user, or of the keys.",
    epilog=examples("audit ann@example.com", f"audit {KEYS} --json"),
)
@click.argument(
    "user", type=Audited(), metavar="USER", help=f"An e-mail address, a user id (of a deleted user, too), or {KEYS}."
)
def audit(stack: "Stack", user: str) -> Answer:
    """Show what was changed of a user's account and sessions, or of the signing keys, oldest first (docs/audit.md)."""
    user_id = user
    if "@" in user:
        user_id = found(stack, user).user_id
    return Answer({"about": user_id, "entries": [_row(entry) for entry in stack.trail.about(user_id)]})


def _row(entry: AuditEntry) -> dict[str, Any]:
    return {
        "changed_at": entry.at_ms // 1000,
        "action": entry.action,
        "by": entry.cause.by,
        "by_sid": entry.cause.sid,
        "sid": entry.sid,
        "roles_before": list(entry.before.roles) if entry.before else None,
        "roles_after": list(entry.after.roles) if entry.after else None,
        "status_before": entry.before.status if entry.before else None,
        "status_after": entry.after.status if entry.after else None,
        "use": entry.use,
        "kid": entry.kid,
        "request_id": entry.cause.request_id,
    }
