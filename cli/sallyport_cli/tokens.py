"""`sallyport token`: one token, which is never an argument and never printed."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click
import jwt

from sallyport.errors import TokenDead, TokenFault, TokenRejected, WhyDead
from sallyport.sessions.strict import check_strictly
from sallyport.tokens import access, device, refresh
from sallyport.tokens.envelope import MAX_TOKEN_BYTES, verified_payload
from sallyport_cli import dial, typed
from sallyport_cli.arguments import Identifier
from sallyport_cli.command import Group, examples
from sallyport_cli.errors import Refused
from sallyport_cli.output import Answer

if TYPE_CHECKING:
    from sallyport_cli.stack import Stack

_KINDS = {access.TYP: "access", refresh.TYP: "refresh", device.TYP: "device"}

WHY_REJECTED: Mapping[TokenFault, str] = {
    "authorization": "it is no Bearer token",
    "caller": "the authorizer did not say whose it is",
    "size": "it is longer than a token may be",
    "form": "it does not have the three parts of a token",
    "encoding": "a part of it is not base64url",
    "header": "its header is not one of ours",
    "payload": "its payload is no JSON object",
    "typ": "it is no access token",
    "kid": "no key that this stack publishes has its kid",
    "algorithm": "its algorithm is not its key's",
    "signature": "its signature is wrong",
    "expired": "it has expired",
    "iss": "another issuer made it",
    "aud": "it is for another audience",
    "iat": "it was issued in the future, or before TokensNotBefore",
    "exp": "its life is longer than this stack's tokens live",
    "nbf": "it is not valid yet",
    "sub": "its claim sub is wrong",
    "client_id": "its claim client_id is wrong",
    "jti": "its claim jti is wrong",
    "sid": "its claim sid is wrong",
    "ver": "its claim ver is wrong",
    "gen": "its claim gen is wrong",
    "auth_time": "its claim auth_time is wrong",
    "scope": "its claim scope is wrong",
}
WHY_DEAD: Mapping[WhyDead, str] = {
    "jti": "it was revoked",
    "user": "its user is disabled or gone",
    "session": "its session is gone",
    "revoked": "its session was revoked",
    "ver": "its user's token version has been raised",
    "expired": "its session has ended",
}


@click.group(
    "token",
    cls=Group,
    short_help="Look at one token and revoke it.",
    epilog=examples("token inspect                      # asks for the token", "token inspect < answer-of-login.json",
                    "token revoke --jti q83vEjRWeJCrze8SNFZ4kA"),
)  # fmt: skip
def token_commands() -> None:
    """Look at one token and revoke it.

    The token is read from standard input or a hidden prompt, never from the command line: alone, after `Bearer`, or in
    the JSON that a login answered.
    """


@token_commands.command(short_help="What a token claims, and whether it is accepted.")
def inspect(stack: "Stack") -> Answer:
    """Say what an access token claims, whether that is true, and whether the strict check lets it in.

    Refresh and device tokens are shown unverified: only the stack's functions may open the key that signs them.
    """
    read = typed.token()
    token = read.token
    unverified_header, unverified_claims = _unverified(token)
    kind = _KINDS.get(str(unverified_header.get("typ")), "unknown")
    if kind in ("refresh", "device"):
        note = f"{read.note} Only the stack's functions can verify it: this is what it says of itself.".lstrip()
        return Answer(_inspected(kind, unverified_claims, is_signed=None, is_accepted=None, why_not=None), note)
    is_signed, why_not = _judged(token, stack)
    return Answer(
        _inspected(kind, unverified_claims, is_signed=is_signed, is_accepted=why_not is None, why_not=why_not),
        read.note,
    )


@token_commands.command(short_help="Revoke one access token.")
@click.option("--jti", type=Identifier(), metavar="JTI", help="Revoke by its jti (from a log, say), without the token.")
def revoke(stack: "Stack", jti: str | None) -> Answer:
    """Revoke one access token. Its session lives on, and can be refreshed."""
    if jti is None:
        try:
            jti = stack.access_tokens.verify(typed.token().token, now=stack.now).jti
        except TokenRejected as error:
            raise Refused(f"nothing to revoke: {WHY_REJECTED[error.fault]}") from None
    is_revoked = stack.revocations.revoke_token(jti, now_ms=stack.clock())
    within = {"bites_within_seconds": dial.refused_within_seconds(stack.settings)}
    note = dial.token_revoked(stack.settings) if is_revoked else "It was revoked already."
    return Answer({"jti": jti, "changed": is_revoked, **within}, note)


def _unverified(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read header and payload without believing them. Raises Refused if there are none."""
    try:
        if len(token) > MAX_TOKEN_BYTES:
            raise Refused(f"this is longer than a token may be ({MAX_TOKEN_BYTES} bytes)")
        parts = jwt.decode_complete(token, options={"verify_signature": False})
    except jwt.PyJWTError:
        raise Refused("this is no token: a JWT has three parts, header.payload.signature") from None
    return parts["header"], parts["payload"]


def _judged(token: str, stack: "Stack") -> tuple[bool, str | None]:
    """Return whether the stack signed the token, and why a strict authorizer refuses it, None if it does not."""
    try:
        verified_payload(token, typ=access.TYP, keys=stack.access_tokens.keys)
    except TokenRejected as error:
        return False, WHY_REJECTED[error.fault]
    try:
        verified = stack.access_tokens.verify(token, now=stack.now)
    except TokenRejected as error:
        return True, WHY_REJECTED[error.fault]
    try:
        check_strictly(verified, sessions=stack.sessions, now=stack.now)
    except TokenDead as error:
        return True, WHY_DEAD[error.why]
    return True, None


def _inspected(
    kind: str, claims: dict[str, Any], *, is_signed: bool | None, is_accepted: bool | None, why_not: str | None
) -> dict[str, Any]:
    """Describe a token. What is None could not be known."""
    return {
        "kind": kind,
        "signed_by_this_stack": is_signed,
        "accepted": is_accepted,
        "refused_because": why_not,
        "claims" if is_signed else "unverified_claims": claims,
    }
