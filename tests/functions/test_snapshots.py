"""SnapStart: environments that Lambda restores from one snapshot of a built function share nothing that matters."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from dev.sam.template import ROOT
from sallyport.accounts.user import User
from tests.support.deployed import PASSWORD, Stack, sample
from tests.support.tokens import unverified_claims

pytestmark = pytest.mark.only_in_check


class Snapshot:
    """Functions as they are when they have been built (tests/support/snapshot.py)."""

    def __init__(self, functions: dict[str, dict[str, str]]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.snapshot"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        self.touched: list[str] = self._told(functions)

    def _told(self, what: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(what) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def restored(self, *asked: tuple[str, dict[str, Any]], **tokens: str) -> list[Any]:
        """Return what a new environment answers, one event after the other."""
        answers: list[Any] = self._told([asked, tokens])
        return answers

    def close(self) -> None:
        self._process.communicate()


@pytest.fixture(scope="module")
def snapshot(deployment: Any) -> Iterator[Snapshot]:
    environments = {
        spec.folder.name: dict(spec.environment)
        for spec in (function.spec for function in deployment.functions.values())
    }
    environments["authorizer"]["REVOCATION_MODE"] = "bounded"
    taken = Snapshot(environments)
    yield taken
    taken.close()


def test_building_a_function_draws_nothing_asks_no_clock_and_opens_no_connection(snapshot: Snapshot) -> None:
    assert snapshot.touched == []


def log_in(user: User) -> tuple[str, dict[str, Any]]:
    return "login", sample("login_logged_in", body={"email": user.email, "password": PASSWORD})


REFRESH = "refresh", sample("refresh_rotated", body={"refresh_token": "$refresh"})
AUTHORIZE = "authorizer", sample("authorizer_allowed", authorization="Bearer $access")


def test_two_environments_of_one_snapshot_draw_different_sessions_and_tokens(
    snapshot: Snapshot, stack: Stack, user: User
) -> None:
    drawn = []
    for _ in range(2):
        answers = snapshot.restored(log_in(user), REFRESH)
        bodies = [json.loads(answer["body"]) for answer in answers]
        claims = [unverified_claims(body[name]) for body in bodies for name in ("access_token", "refresh_token")]
        claims.append(unverified_claims(bodies[0]["device_token"]))
        drawn += [*{claim["sid"] for claim in claims if "sid" in claim}, *(claim["jti"] for claim in claims)]

    assert len(drawn) == len(set(drawn)) == 2 * (1 + 5)


def test_an_environment_reads_revocations_and_keys_after_it_was_restored(
    snapshot: Snapshot, stack: Stack, user: User
) -> None:
    (login, allowed) = snapshot.restored(log_in(user), AUTHORIZE)
    token = json.loads(login["body"])["access_token"]
    assert allowed["isAuthorized"]

    claims = unverified_claims(token)
    assert stack.revocations.end(claims["sub"], claims["sid"], now_ms=time.time_ns() // 1_000_000)
    for _ in range(2):
        assert snapshot.restored(AUTHORIZE, access=token) == [{"isAuthorized": False}]
        assert snapshot.restored(log_in(user), AUTHORIZE)[1]["isAuthorized"]
