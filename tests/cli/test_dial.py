"""What the command says of when a change is felt, by the settings of the stack."""

import pytest

from sallyport import settings
from sallyport_cli import dial
from sallyport_cli.stack import Settings


def told(mode: str, **more: str) -> Settings:
    return settings.parse(Settings, {"REVOCATION_MODE": mode, "ACCESS_TOKEN_SECONDS": "900", **more})


@pytest.mark.parametrize(
    ("stack", "seconds", "revoked", "token_revoked"),
    [
        (told("strict"), 0, "on the next request (strict mode)", "on the next request (strict mode)"),
        (told("bounded"), 5, "within 5 s (bounded mode)", "within 5 s (bounded mode)"),
        (
            told("bounded", REVOCATION_POLL_SECONDS="30"),
            30,
            "within 30 s (bounded mode)",
            "within 30 s (bounded mode)",
        ),
        (told("stateless"), 900, "when they expire, within 900 s", "lets it in until it expires (stateless mode)"),
    ],
)
def test_a_revocation_bites_as_the_mode_has_it(stack: Settings, seconds: int, revoked: str, token_revoked: str) -> None:
    assert dial.refused_within_seconds(stack) == seconds
    assert revoked in dial.revoked(stack)
    assert token_revoked in dial.token_revoked(stack)


@pytest.mark.parametrize(
    ("stack", "said"),
    [
        (told("strict"), "get the new roles on the next request"),
        (told("bounded", CONTEXT_ROLES="true"), "get the new roles within 5 s"),
        (told("bounded"), "passes on no roles (bounded mode)"),
        (told("stateless", CONTEXT_ROLES="true"), "passes on no roles (stateless mode)"),
    ],
)
def test_new_roles_are_told_as_the_mode_has_it(stack: Settings, said: str) -> None:
    assert said in dial.roles_changed(stack)
