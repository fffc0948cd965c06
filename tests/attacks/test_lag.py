"""E07: how long an allow outlives its revocation in `bounded`: two hundred trials, three environments.

The clock is moved in small steps and stands in between, so the lag is the service's and not the machine's.
"""

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from dev.clock import MovableTime
from dev.cloud import Cloud
from dev.deployment import Deployment, deploy
from dev.functions import LocalFunction
from sallyport.aws.dynamodb.entries import entry_item
from sallyport.identifiers import new_id
from sallyport.revocation.entries import Revoked, SessionRevoked, UserRevoked, retention
from sallyport.tokens.keys import SigningKey
from tests.builders import SECOND
from tests.deployed import Stack, sample
from tests.shapes import Event
from tests.stopped_time import StoppedTime, Time
from tests.tokens import ISSUER

TRIALS = 200
LONGEST_STEP_MS = 600
BOUND_MS = 5 * SECOND


@pytest.fixture(scope="module")
def deployment(cloud: Cloud) -> Deployment:
    return deploy(ISSUER, {"REVOCATION_MODE": "bounded"}, table_name=f"lag-{new_id()}")


@pytest.fixture
def clock() -> Iterator[MovableTime]:
    clock = StoppedTime(Time(time.time_ns() // 1_000_000))
    with clock.installed():
        yield clock


@dataclass
class Trial:
    """A token, revoked at a moment that nobody expects, and the environments that still let it in."""

    revoked: Revoked
    event: Event
    allowing: list[LocalFunction]
    revoked_at: int = 0


def trial(key: SigningKey, now: int, environments: list[LocalFunction], number: int) -> Trial:
    """Sign a token. `bounded` reads entries alone, so there need be no session or user behind it."""
    sub, sid = new_id(), new_id()
    claims = {
        "iss": ISSUER, "sub": sub, "aud": "sallyport", "client_id": "sallyport", "iat": now, "exp": now + 600,
        "jti": new_id(), "sid": sid, "ver": 1, "auth_time": now,
    }  # fmt: skip
    event = sample("authorizer_allowed", authorization=f"Bearer {key.sign(claims, typ='at+jwt')}")
    return Trial(SessionRevoked(sid) if number % 2 else UserRevoked(sub, 2), event, [*environments])


def revoke(stack: Stack, trial: Trial, now_ms: int) -> None:
    """Write the entry that every revocation writes in its transaction."""
    expires_at = now_ms // SECOND + retention(600)
    stack.table.put(entry_item(trial.revoked, now_ms, expires_at=expires_at, shards=1))
    trial.revoked_at = now_ms


def test_e07_no_allow_outlives_its_revocation_by_more_than_five_seconds(
    stack: Stack, clock: StoppedTime, access_signing_key: SigningKey
) -> None:
    chance = random.Random(7)
    spec = stack.deployment.functions["Authorizer"].spec
    environments = [LocalFunction(spec) for _ in range(3)]
    waiting = [trial(access_signing_key, clock.time.now, environments, number) for number in range(TRIALS)]
    revoked: list[Trial] = []
    lags = []
    while waiting or revoked:
        clock.time.now_ms += chance.randint(1, LONGEST_STEP_MS)
        for _ in range(chance.randint(0, 5)):
            if waiting:
                revoke(stack, waiting[-1], clock.time.now_ms)
                revoked.append(waiting.pop())
        for each in revoked:
            asked = [environment for environment in each.allowing if chance.random() < 0.7]
            refusing = [environment for environment in asked if not environment.invoke(each.event)["isAuthorized"]]
            if len(refusing) < len(asked):
                lags.append(clock.time.now_ms - each.revoked_at)
            each.allowing = [environment for environment in each.allowing if environment not in refusing]
        revoked = [each for each in revoked if each.allowing]

    assert BOUND_MS - LONGEST_STEP_MS < max(lags) <= BOUND_MS
