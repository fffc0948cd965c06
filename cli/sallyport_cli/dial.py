"""The revocation mode, in a sentence: when what was just done takes effect."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sallyport_cli.stack import Settings


def refused_within_seconds(settings: "Settings") -> int:
    """Return for how long an access token that was just revoked may still pass the stack's authorizer."""
    match settings.revocation_mode:
        case "strict":
            return 0
        case "bounded":
            return settings.revocation_poll_seconds
        case "stateless":
            return settings.access_token_seconds


def revoked(settings: "Settings") -> str:
    return f"Nothing can be refreshed any more; access tokens are refused {_when(settings)}."


def _when(settings: "Settings") -> str:
    match settings.revocation_mode:
        case "strict":
            return "on the next request (strict mode)"
        case "bounded":
            return f"within {settings.revocation_poll_seconds} s (bounded mode)"
        case "stateless":
            return f"when they expire, within {settings.access_token_seconds} s (stateless mode)"


def token_revoked(settings: "Settings") -> str:
    match settings.revocation_mode:
        case "strict":
            return "It is refused on the next request (strict mode)."
        case "bounded":
            return f"It is refused within {settings.revocation_poll_seconds} s (bounded mode)."
        case "stateless":
            return "The authorizer lets it in until it expires (stateless mode). Sallyport's own routes refuse it."


def roles_changed(settings: "Settings") -> str:
    match settings.revocation_mode, settings.context_roles:
        case "strict", _:
            return "Your functions get the new roles on the next request (strict mode)."
        case "bounded", True:
            return f"Your functions get the new roles within {settings.revocation_poll_seconds} s (bounded mode)."
        case mode, _:
            return f"This stack's authorizer passes on no roles ({mode} mode); GET /auth/me has them."
