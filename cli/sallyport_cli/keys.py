"""`sallyport keys`: the signing keys, of which only rotate_keys and the functions that sign open the private half."""

from collections.abc import Iterable
from pathlib import Path
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

_LEAST_FILES = 4
"""More keys than are ever published at once, but after two emergencies: a configuration can name so many files."""


@click.group(
    "keys",
    cls=Group,
    short_help="Look at the signing keys and change them.",
    epilog=examples(
        "keys list",
        "keys promote access --drop-older     # an access key has leaked",
        "keys export --pem /etc/haproxy/sallyport",
    ),
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


@key_commands.command(short_help="Write the public keys of access tokens as PEM files.")
@click.option(
    "--pem", "folder", required=True, metavar="FOLDER", help="Where the files are written: access-1.pem and so on."
)
def export(stack: "Stack", folder: str) -> Answer:
    """Write the public keys of access tokens as PEM files, for a verifier that takes nothing else, such as HAProxy.

    The first file has the key that signs now. There are at least four, so that a configuration can name them: the
    first key stands again in those that are left.
    """
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: PLC0415  # slow to load

    states = {row["kid"]: row["state"] for row in _ring("access", _records(stack, "access"), stack.now)}
    keys = sorted(stack.published_keys.values(), key=lambda key: (states.get(key.kid) != "active", key.kid))
    in_files = [*keys, *[keys[0]] * (_LEAST_FILES - len(keys))]
    rows = []
    for number, key in enumerate(in_files, start=1):
        file = Path(folder) / f"access-{number}.pem"
        pem = key.material.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        _replace(file, pem)
        rows.append({"file": str(file), "kid": key.kid, "alg": key.alg, "state": states.get(key.kid, "")})
    return Answer({"files": rows}, "Tell the verifier to read them again.")


def _replace(file: Path, content: bytes) -> None:
    """Write a file as a whole: whoever reads it meanwhile finds the old one or the new one."""
    new = file.with_name(f".{file.name}.new")
    try:
        new.write_bytes(content)
        new.replace(file)
    except OSError as error:
        raise click.ClickException(f"{file} cannot be written: {error.strerror}") from None


def _records(stack: "Stack", use: Use) -> Iterable[KeyRecord]:
    return stack.signing_keys.private_ring(use).keys.values()


def _rings(stack: "Stack") -> list[dict[str, Any]]:
    return [row for use in _USES for row in _ring(use, _records(stack, use), stack.now)]


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
