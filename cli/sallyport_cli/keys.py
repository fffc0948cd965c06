"""`sallyport keys`: the signing keys, of which only rotate_keys and the functions that sign open the private half."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from sallyport.keys.life_cycle import KeyRecord, Use, active
from sallyport_cli.command import Group, examples
from sallyport_cli.output import Answer

if TYPE_CHECKING:
    from sallyport_cli.stack import Stack

_USES: tuple[Use, ...] = ("access", "refresh")

_PROMOTION = "From now on another {use} key signs on {where}."
_DROPPED = {
    "access": "Every access token that was issued is refused within a minute; clients refresh and go on."
    " API Gateway's native JWT authorizers accept them for up to two hours more.",
    "refresh": "EVERY USER HAS TO LOG IN AGAIN: every refresh token that was issued is refused within a minute.",
}
_KEPT = "Tokens that were issued stay good."


@click.group(
    "keys",
    cls=Group,
    short_help="Look at the signing keys and change them.",
    epilog=examples("keys list", "keys promote access --drop-older     # an access key has leaked"),
)
def key_commands() -> None:
    """Look at the signing keys, let them rotate, and change them in an emergency (docs/keys.md)."""


@key_commands.command("list", short_help="List the keys of both rings.")
def list_keys(stack: "Stack") -> Answer:
    """List the keys of both rings, the oldest first."""
    return Answer({"keys": _rings(stack)})


@key_commands.command(short_help="Make and drop the keys whose time has come.")
def rotate(stack: "Stack") -> Answer:
    """Run rotate_keys now, as its schedule does daily: it makes and drops keys whose time has come, usually none."""
    before = {key["kid"] for key in _rings(stack)}
    stack.rotate_keys({"operator": stack.who()})
    keys = _rings(stack)
    after = {key["kid"] for key in keys}
    return Answer({"made": sorted(after - before), "dropped": sorted(before - after), "keys": keys})


@key_commands.command(short_help="Let the standby sign from now on.")
@click.argument("use", type=click.Choice(_USES), help="The ring: the key of access tokens, or of refresh tokens.")
@click.option("--drop-older", is_flag=True, help="Drop every key that has signed so far, because one has leaked.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def promote(stack: "Stack", use: Use, *, drop_older: bool, yes: bool) -> Answer:
    """Let the standby sign from now on, in an emergency."""
    consequence = _DROPPED[use] if drop_older else _KEPT
    if not yes:
        click.echo(f"{_PROMOTION.format(use=use, where=stack.where)} {consequence}", err=True)
        click.confirm("Go on?", abort=True, err=True)
    done = stack.rotate_keys({"promote": use, "drop_older": drop_older, "operator": stack.who()})
    return Answer(
        {"use": use, "signing_from_now_on": done["signing_from_now_on"], "dropped": done["dropped"]}, consequence
    )


def _rings(stack: "Stack") -> list[dict[str, Any]]:
    return [row for use in _USES for row in _ring(use, stack.signing_keys.private_ring(use).keys.values(), stack.now)]


def _ring(use: Use, records: Iterable[KeyRecord], now: int) -> list[dict[str, Any]]:
    by_age = sorted(records, key=lambda record: (record.not_before, record.kid))
    signing = active(by_age, now=now)
    is_before = True
    rows = []
    for record in by_age:
        is_before = is_before and record is not signing
        state = "active" if record is signing else "superseded" if is_before else "standby"
        rows.append(
            {
                "kid": record.kid,
                "use": use,
                "alg": record.alg,
                "state": state,
                "signs_from": record.not_before,
                "created_at": record.created_at,
            }
        )
    return rows
