"""The revocation dial, in a sentence: when what was just done is felt."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sallyport_cli.stack import Settings


def bites_within_seconds(told: "Settings") -> int:
    """Say for how long an access token that was just revoked may still pass the stack's authorizer."""
    by_mode = {"strict": 0, "bounded": told.revocation_poll_seconds}
    return by_mode.get(told.revocation_mode, told.access_token_seconds)


def revoked(told: "Settings") -> str:
    match told.revocation_mode:
        case "strict":
            when = "on the next request (strict mode)"
        case "bounded":
            when = f"within {told.revocation_poll_seconds} s (bounded mode)"
        case _:
            when = f"when they expire, within {told.access_token_seconds} s (stateless mode)"
    return f"Nothing can be refreshed any more; access tokens are refused {when}."


def token_revoked(told: "Settings") -> str:
    match told.revocation_mode:
        case "strict":
            return "It is refused on the next request (strict mode)."
        case "bounded":
            return f"It is refused within {told.revocation_poll_seconds} s (bounded mode)."
        case _:
            return "The authorizer lets it in until it expires (stateless mode); it can end no other session."


def roles_changed(told: "Settings") -> str:
    match told.revocation_mode, told.context_roles:
        case "strict", _:
            return "The authorizer tells the new roles on the next request (strict mode)."
        case "bounded", True:
            return f"The authorizer tells the new roles within {told.revocation_poll_seconds} s (bounded mode)."
        case mode, _:
            return f"This stack's authorizer tells nobody's roles ({mode} mode); GET /auth/me does."
