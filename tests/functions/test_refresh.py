"""POST /auth/refresh, event in and answer out."""

from dataclasses import replace

import pytest

from dev.lambda_host.functions import LocalFunction
from sallyport.accounts.user import User
from sallyport.revocation.entries import retention
from tests.support.builders import DAY, an_audit
from tests.support.deployed import Answer, Stack, sample
from tests.support.tokens import unverified_claims
from tests.support.wire import Wire


def gen(answer: Answer) -> int:
    assert answer.status == 200
    return int(unverified_claims(answer.body["refresh_token"])["gen"])


def refused(answer: Answer) -> bool:
    return (answer.status, answer.body["code"]) == (401, "invalid_grant")


def session_calls(wire: Wire) -> list[str]:
    """The calls about sessions. The key rings are read again every minute, which late refreshes always meet."""
    return [call for call in wire.calls if call != "Query"]


def late(stack: Stack) -> None:
    stack.clock.advance(60)


@pytest.fixture
def first(stack: Stack, user: User) -> str:
    """A refresh token of generation 1, whose session is no longer quiet."""
    token: str = stack.log_in(user).body["refresh_token"]
    late(stack)
    return token


def test_a_late_token_rotates(stack: Stack, first: str) -> None:
    answer = stack.refresh(first)

    assert gen(answer) == 2
    assert answer.body.keys() == {
        "access_token", "token_type", "expires_in", "refresh_token", "refresh_expires_in", "session_id"
    }  # fmt: skip
    assert stack.authorize(answer.body["access_token"])["isAuthorized"]


def test_two_tabs_that_refresh_at_once_both_stay_logged_in(stack: Stack, first: str) -> None:
    one, other = stack.refresh(first), stack.refresh(first)
    late(stack)

    assert (gen(one), gen(other)) == (2, 3)
    assert gen(stack.refresh(other.body["refresh_token"])) == 4


def test_a_reload_storm_right_after_login_writes_nothing(stack: Stack, user: User, wire: Wire) -> None:
    token = stack.log_in(user).body["refresh_token"]
    assert gen(stack.refresh(token)) == 1

    for _ in range(5):
        wire.reset()
        assert gen(stack.refresh(token)) == 1
        assert wire.calls == ["BatchGetItem"]


@pytest.mark.parametrize("wait", [0, 60, 29 * DAY])
def test_r02_a_lost_answer_is_recovered_however_late(stack: Stack, first: str, wait: int) -> None:
    stack.refresh(first)
    stack.clock.advance(wait)

    assert gen(stack.refresh(first)) == 3
    assert gen(stack.refresh(first)) == 4


def test_calls_per_refresh(stack: Stack, first: str, wire: Wire) -> None:
    stack.refresh(first)
    wire.reset()
    second = stack.refresh(first).body["refresh_token"]
    assert session_calls(wire) == ["BatchGetItem", "UpdateItem"]  # recovered

    late(stack)
    wire.reset()
    stack.refresh(second)
    assert session_calls(wire) == ["BatchGetItem", "UpdateItem"]  # rotated


def test_a_straggler_is_told_to_use_the_newer_token(stack: Stack, first: str) -> None:
    second = stack.refresh(first).body["refresh_token"]
    late(stack)
    stack.refresh(second)

    answer = stack.refresh(first)

    assert (answer.status, answer.body["code"]) == (409, "superseded")
    assert gen(stack.refresh(second)) == 4  # nothing was lost


def test_r01_a_late_replay_ends_the_session_and_only_that(stack: Stack, user: User, first: str) -> None:
    other_device = stack.log_in(user)
    second = stack.refresh(first).body["refresh_token"]
    late(stack)
    newest = stack.refresh(second)
    late(stack)

    assert refused(stack.refresh(first))

    assert refused(stack.refresh(newest.body["refresh_token"]))
    assert not stack.authorize(newest.body["access_token"])["isAuthorized"]
    assert gen(stack.refresh(other_device.body["refresh_token"])) == 2


def test_a_void_sibling_is_a_replay(stack: Stack, first: str) -> None:
    sibling = stack.refresh(first).body["refresh_token"]
    used = stack.refresh(first).body["refresh_token"]
    late(stack)
    newest = stack.refresh(used).body["refresh_token"]
    late(stack)

    assert refused(stack.refresh(sibling))
    assert refused(stack.refresh(newest))


def test_a_replay_leaves_one_entry_for_the_authorizers(stack: Stack, user: User, first: str, wire: Wire) -> None:
    second = stack.refresh(first).body["refresh_token"]
    late(stack)
    sid = stack.refresh(second).body["session_id"]
    late(stack)

    wire.reset()
    for _ in range(3):
        assert refused(stack.refresh(first))

    revoked = ["BatchGetItem", "TransactWriteItems"]
    assert session_calls(wire) == [*revoked, "BatchGetItem", "BatchGetItem"]
    (entry,) = [item for item in stack.table.partition("REVOKED#0") if item.get("sid") == sid]
    assert entry["expires_at"] == int(entry["SK"][:13]) // 1000 + retention(600)


def test_a_session_ends_at_its_absolute_end_to_the_second(stack: Stack, user: User) -> None:
    token = stack.log_in(user).body["refresh_token"]
    ends = unverified_claims(token)["exp"]
    now = stack.now

    stack.clock.advance(ends - now - 10)  # ten seconds, so that no machine is too slow
    answer = stack.refresh(token)
    assert answer.status == 200
    assert 0 < answer.body["refresh_expires_in"] <= 10
    assert answer.body["expires_in"] == answer.body["refresh_expires_in"]

    stack.clock.advance(10)
    assert refused(stack.refresh(token))
    assert refused(stack.refresh(answer.body["refresh_token"]))


def test_a_session_that_is_not_used_ends_while_its_item_still_stands(stack: Stack, user: User, first: str) -> None:
    sid = unverified_claims(first)["sid"]
    _, session = stack.sessions.load(user.user_id, sid)
    assert session is not None
    now = stack.now
    stack.keep(replace(session, idle_expires_at=now + 10))
    assert stack.refresh(first).status == 200

    stack.keep(replace(session, idle_expires_at=now))
    assert refused(stack.refresh(first))
    assert stack.sessions.load(user.user_id, sid)[1] == replace(session, idle_expires_at=now)


def test_a_raised_version_ends_every_session(stack: Stack, user: User, first: str) -> None:
    stack.revocations.raise_version(user.user_id, 1, an_audit(user.user_id, stack.now * 1000))

    assert refused(stack.refresh(first))


@pytest.mark.parametrize("body", [{}, {"refresh_token": ""}, {"refresh_token": "x"}, {"refresh_token": "a.b.c"}])
def test_no_credential_and_a_bad_one_are_refused_without_a_read_of_the_session(
    stack: Stack, wire: Wire, body: dict[str, str]
) -> None:
    assert refused(stack.call("Refresh", sample("refresh_rotated", body=body)))
    assert "BatchGetItem" not in wire.calls


def test_r10_a_tampered_token_is_refused(stack: Stack, first: str) -> None:
    for changed in (first[:-2], first + "AA", first.swapcase(), first + "."):
        assert refused(stack.refresh(changed))
    assert gen(stack.refresh(first)) == 2


def test_j19_an_access_token_and_a_device_token_refresh_nothing(stack: Stack, user: User) -> None:
    answer = stack.log_in(user)

    assert refused(stack.refresh(answer.body["access_token"]))
    assert refused(stack.refresh(answer.body["device_token"]))


def test_j19_a_refresh_token_and_a_device_token_authorize_nothing(stack: Stack, user: User) -> None:
    answer = stack.log_in(user)

    assert not stack.authorize(answer.body["refresh_token"])["isAuthorized"]
    assert not stack.authorize(answer.body["device_token"])["isAuthorized"]


def test_a_cookie_session_takes_no_token_from_a_body(stack: Stack, user: User, first: str) -> None:
    sid = unverified_claims(first)["sid"]
    _, session = stack.sessions.load(user.user_id, sid)
    assert session is not None
    stack.keep(replace(session, mode="cookie"))

    assert refused(stack.refresh(first))
    assert stack.sessions.load(user.user_id, sid)[1] == replace(session, mode="cookie")


@pytest.mark.parametrize("operation", ["BatchGetItem", "UpdateItem"])
def test_a_failing_table_is_a_503_and_the_same_request_succeeds_later(
    stack: Stack, first: str, wire: Wire, operation: str
) -> None:
    wire.refuse(operation)
    answer = stack.refresh(first)
    wire.reset()

    assert (answer.status, answer.body["code"], answer.headers["retry-after"]) == (503, "service_unavailable", "1")
    assert gen(stack.refresh(first)) == 2


def test_a_replay_that_cannot_be_written_is_a_503_and_is_found_later(stack: Stack, first: str, wire: Wire) -> None:
    second = stack.refresh(first).body["refresh_token"]
    late(stack)
    stack.refresh(second)
    late(stack)

    wire.refuse("TransactWriteItems")
    assert stack.refresh(first).status == 503
    wire.reset()

    assert refused(stack.refresh(first))
    assert refused(stack.refresh(second))


def test_an_environment_that_cannot_open_its_keys_moves_no_session(
    stack: Stack, user: User, first: str, wire: Wire
) -> None:
    before = stack.sessions.of_user(user.user_id)
    cold = LocalFunction(stack.deployment.functions["Refresh"].spec)
    event = sample("refresh_rotated", body={"refresh_token": first})
    wire.refuse("Decrypt")

    assert cold.invoke(event)["statusCode"] == 503
    assert stack.sessions.of_user(user.user_id) == before

    wire.reset()
    assert cold.invoke(event)["statusCode"] == 200


def test_a_token_from_an_environment_whose_clock_is_behind_is_as_good_as_any(stack: Stack, user: User) -> None:
    token = stack.log_in(user).body["refresh_token"]
    stack.clock.advance(-20)
    converged = stack.refresh(token).body["refresh_token"]
    stack.clock.advance(20)

    assert gen(stack.refresh(converged)) == 1


def test_a_conflict_with_another_transaction_is_waited_out(stack: Stack, first: str, wire: Wire) -> None:
    wire.conflict("UpdateItem", times=2)

    assert gen(stack.refresh(first)) == 2
    assert wire.calls.count("UpdateItem") == 3


def test_a_conflict_that_does_not_end_is_a_503(stack: Stack, first: str, wire: Wire) -> None:
    wire.conflict("UpdateItem", times=99)

    assert stack.refresh(first).status == 503
    assert wire.calls.count("UpdateItem") == 6
