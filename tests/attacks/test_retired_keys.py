"""J29 and J11 at the authorizer: tokens of a key that is new, superseded, gone, or dropped in an emergency."""

import json

import jwt
import pytest

from dev.aws.cloud import Cloud
from dev.aws.deployment import Deployment, deploy
from dev.lambda_host.functions import LocalFunction
from sallyport.accounts.user import User
from sallyport.aws.dynamodb.public_keys import PublishedKeys
from sallyport.identifiers import new_id
from sallyport.keys.life_cycle import ROTATION_SECONDS, keep_access_key
from sallyport.keys.signing import SigningKey
from tests.attacks.conftest import active_key
from tests.support.builders import DAY
from tests.support.deployed import PASSWORD, STRICT, Stack, sample
from tests.support.tokens import ISSUER, unverified_claims
from tests.support.watch import Watch
from tests.support.wire import Wire

pytestmark = pytest.mark.only_in_check


@pytest.fixture
def deployment(cloud: Cloud) -> Deployment:
    return deploy(ISSUER, STRICT, table_name=f"retired-{new_id()}")


def kid_of(token: str) -> str:
    return str(jwt.get_unverified_header(token)["kid"])


def log_in(stack: Stack, user: User) -> str:
    token: str = stack.log_in(user).body["access_token"]
    return token


def days_pass(stack: Stack, seconds: int) -> None:
    """Let time pass, and the schedule run every day of it."""
    for _ in range(seconds // DAY):
        stack.clock.advance(DAY)
        stack.invoke("RotateKeys", {})
    stack.clock.advance(seconds % DAY)


def still_signed(stack: Stack, key: SigningKey, like: str) -> str:
    """Sign with a key that has been superseded, as whoever stole it would."""
    return key.sign({**unverified_claims(like), "iat": stack.now, "exp": stack.now + 600}, typ="at+jwt")


def test_j29_both_keys_are_good_while_one_takes_over_and_the_old_one_is_gone_some_hours_later(
    watch: Watch, stack: Stack, user: User
) -> None:
    old = active_key(stack.deployment, "access")
    days_pass(stack, ROTATION_SECONDS - 5 * 60)  # more than the runs themselves take
    before = log_in(stack, user)
    stack.clock.advance(5 * 60 + 60)  # login reads its ring once a minute
    after = log_in(stack, user)

    assert kid_of(before) == old.kid != kid_of(after)
    for token in (before, after):
        assert stack.authorize(token)["isAuthorized"]

    stack.clock.advance(keep_access_key(600))
    stack.invoke("RotateKeys", {})
    stack.clock.advance(60)
    assert watch.denies(f"Bearer {still_signed(stack, old, after)}") == "kid"
    assert stack.authorize(log_in(stack, user))["isAuthorized"]


def test_j29_a_key_that_an_environment_has_not_seen_yet_costs_one_reading(stack: Stack, user: User, wire: Wire) -> None:
    assert stack.authorize(log_in(stack, user))["isAuthorized"]
    seen = PublishedKeys(stack.table).public_ring().keys.keys()
    for _ in range(2):
        stack.invoke("RotateKeys", {"promote": "access", "drop_older": False})
        stack.clock.advance(5)  # twice: rings may be read again for an unknown kid after ten seconds
    token = signed_elsewhere(stack, user)
    assert kid_of(token) not in seen

    wire.reset()
    assert stack.authorize(token)["isAuthorized"]
    assert stack.authorize(token)["isAuthorized"]
    assert wire.calls == ["Query", "BatchGetItem", "BatchGetItem"]


def signed_elsewhere(stack: Stack, user: User) -> str:
    """Log in through an environment that has just started, and so knows the newest key."""
    login = LocalFunction(stack.deployment.functions["Login"].spec)
    answer = login.invoke(sample("login_logged_in", body={"email": user.email, "password": PASSWORD}))
    token: str = json.loads(answer["body"])["access_token"]
    return token


def test_j29_a_key_that_was_dropped_in_an_emergency_is_worth_nothing_a_minute_later(
    watch: Watch, stack: Stack, user: User
) -> None:
    stolen = active_key(stack.deployment, "access")
    token = log_in(stack, user)
    assert stack.authorize(token)["isAuthorized"]

    stack.invoke("RotateKeys", {"promote": "access", "drop_older": True})

    stack.clock.advance(60)
    assert watch.denies(f"Bearer {token}") == "kid"
    assert watch.denies(f"Bearer {still_signed(stack, stolen, token)}") == "kid"
    assert stack.authorize(log_in(stack, user))["isAuthorized"]


def test_j29_a_dropped_refresh_key_ends_every_session_it_signed_for(watch: Watch, stack: Stack, user: User) -> None:
    login = stack.log_in(user).body
    stack.invoke("RotateKeys", {"promote": "refresh", "drop_older": True})
    stack.clock.advance(60)

    assert watch.refuses_to_refresh(login["refresh_token"]) == "kid"
    watch.logs_nobody_out(body=login["refresh_token"])
    assert stack.refresh(stack.log_in(user).body["refresh_token"]).status == 200
