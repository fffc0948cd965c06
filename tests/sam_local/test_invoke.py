"""Every file of events/ does what its name says under `sam local invoke`, with the help of `make sam-local EVENT=`."""

import json
import subprocess
from typing import Any

import pytest

from dev.sam.template import ROOT
from dev.sam_local.events import EVENTS
from tests.sam_local.conftest import command
from tests.support.iam import decision

NAMES = sorted(path.stem for path in EVENTS.glob("*.json"))

STATUS_AND_CODE = {
    "account_deleted": (204, None),
    "account_described": (200, None),
    "account_listed": (200, None),
    "account_session_ended": (204, None),
    "login_invalid_credentials": (401, "invalid_credentials"),
    "login_logged_in": (200, None),
    "logout_ended": (204, None),
    "logout_everywhere": (204, None),
    "password_changed": (200, None),
    "password_email_change_requested": (202, None),
    "password_email_changed": (204, None),
    "password_reset": (200, None),
    "password_reset_sent": (202, None),
    "refresh_invalid_grant": (401, "invalid_grant"),
    "refresh_replayed": (401, "invalid_grant"),
    "refresh_rotated": (200, None),
    "register_invalid_token": (400, "invalid_token"),
    "register_verification_sent": (202, None),
    "register_verified": (200, None),
    "verify_allowed": (204, None),
    "verify_below": (204, None),
    "verify_invalid_token": (401, "invalid_token"),
    "verify_role_missing": (403, "role_missing"),
    "wellknown_discovery": (200, None),
    "wellknown_key_set": (200, None),
}
OUTCOMES = {
    "account_deleted": "deleted",
    "account_described": "described",
    "account_listed": "listed",
    "account_session_ended": "ended",
    "logout_ended": "ended",
    "logout_everywhere": "everywhere",
    "password_changed": "password_changed",
    "password_email_change_requested": "verification_sent",
    "password_email_changed": "email_changed",
    "password_reset": "reset",
    "password_reset_sent": "reset_sent",
    "refresh_replayed": "replayed",
    "refresh_rotated": "rotated",
}
"""What the log line says where the answer does not."""


def invoked(name: str) -> tuple[Any, str]:
    """Invoke an event as a developer does. Returns the function's answer and everything that was printed."""
    ran = subprocess.run(
        command("--event", f"events/{name}.json"), cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout.strip().splitlines()[-1]), ran.stdout + ran.stderr


@pytest.mark.parametrize("name", NAMES)
def test_an_event_leads_to_what_its_name_says(name: str) -> None:
    answer, printed = invoked(name)

    if name in STATUS_AND_CODE:
        status, code = STATUS_AND_CODE[name]
        assert answer["statusCode"] == status
        assert code is None or json.loads(answer["body"])["code"] == code
        assert f'"outcome":"{OUTCOMES.get(name, "")}' in printed
    elif name == "mailer_mailed":
        assert answer == {"batchItemFailures": []}
    elif name in ("authorizer_allowed", "authorizer_denied"):
        assert answer["isAuthorized"] is (name == "authorizer_allowed")
    elif name.startswith("authorizer_"):
        event = json.loads((EVENTS / f"{name}.json").read_text())
        assert decision(answer, event["methodArn"]) == "Allow"
    else:
        assert answer is None
        said = {"setup_accepted": '"SUCCESS"', "setup_keys_made": '"SUCCESS"', "setup_refused": "at least twice"}
        assert said.get(name, "kept ring") in printed
