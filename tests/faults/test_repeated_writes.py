"""O03: writes that are made twice, by botocore or by the client, because the first answer was lost."""

import json
from dataclasses import replace

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sallyport.sessions.rotation import Rotation
from tests.faults.kinds import CONNECTION_LOST, EVERY_FAULT
from tests.faults.line import Fault, body_of
from tests.faults.scenes import FLOWS, Scene
from tests.faults.service import Service, is_unavailable
from tests.support.deployed import sample
from tests.support.tokens import unverified_claims


def for_flow(name: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("flow", [FLOWS[name]], ids=[name])


def lose_the_first_answer(service: Service, operation: str) -> Scene:
    """Let botocore repeat a call that was made; answers the scene in which it did."""
    nth = next(nth for nth, call in enumerate(service.calls()) if call.startswith(operation))
    scene = service.flow.arrange(service.world)
    service.line.listen(scene.rival)
    service.line.fail(nth, CONNECTION_LOST, times=1)
    return scene


@pytest.mark.only_in_check
@pytest.mark.parametrize("flow", FLOWS.values(), ids=FLOWS.keys())
def test_o03_whatever_write_botocore_repeats_comes_out_right(service: Service) -> None:
    flow, world = service.flow, service.world
    for nth, call in enumerate(service.calls()):
        if call.startswith(("BatchGetItem", "Query")):
            continue
        scene = flow.arrange(world)
        service.line.listen(scene.rival)
        service.line.fail(nth, CONNECTION_LOST, times=1)

        answer = service.ask(scene)

        assert service.line.attempts[nth] == 2, call
        assert service.is_right(answer), call
        flow.check(world, scene, answer)
        world.forget()


@for_flow("rotated")
def test_a_rotation_that_meets_itself_is_recovered_within_the_request(service: Service) -> None:
    scene = lose_the_first_answer(service, "UpdateItem")

    answer = service.ask(scene)

    assert service.line.attempts == [1, 2, 1]
    assert service.log.records[0].__dict__["outcome"] == "recovered"
    assert scene.session is not None
    now_ms = service.world.now * 1000
    assert service.world.stored(scene.session).rotation == Rotation(
        floor=2, parent=4, first=6, head=7, rotated_at=now_ms
    )
    assert unverified_claims(answer.body["refresh_token"])["gen"] == 7


@for_flow("recovered")
def test_a_recovery_that_is_repeated_leaves_a_generation_that_nobody_has(service: Service) -> None:
    scene = lose_the_first_answer(service, "UpdateItem")

    answer = service.ask(scene)

    assert service.line.attempts == [1, 2]
    assert scene.session is not None
    assert service.world.stored(scene.session).rotation == replace(scene.session.rotation, head=7)
    assert unverified_claims(answer.body["refresh_token"])["gen"] == 7


@pytest.mark.parametrize("flow", [FLOWS[name] for name in ("replayed", "logout by token", "everywhere by token")])
def test_botocore_repeats_a_transaction_under_the_token_of_the_first(service: Service) -> None:
    """DynamoDB then answers as it did the first time. moto fails the condition, and both must do."""
    sent: list[bytes] = []

    def lose(request: AWSPreparedRequest) -> AWSResponse:
        sent.append(body_of(request))
        return CONNECTION_LOST.answer(request)

    (transaction,) = (nth for nth, call in enumerate(service.calls()) if call.startswith("TransactWriteItems"))
    scene = service.flow.arrange(service.world)
    service.line.listen()
    service.line.fail(transaction, Fault("lost", lose))

    assert is_unavailable(service.ask(scene))

    first, second = (json.loads(body)["ClientRequestToken"] for body in sent)
    assert first == second


@for_flow("login")
def test_a_login_that_is_repeated_by_botocore_opens_one_session(service: Service) -> None:
    scene = lose_the_first_answer(service, "TransactWriteItems USER+SESSIONS")

    answer = service.ask(scene)

    sessions = service.world.stack.sessions.of_user(scene.user.user_id)
    alive = [s.sid for s in sessions if s.ends_at > service.world.now and s.revoked_at is None]
    assert alive == [answer.body["session_id"]]


ANYWHERE = [fault for fault in EVERY_FAULT if not fault.only]

losses = st.lists(st.tuples(st.integers(0, 2), st.sampled_from(ANYWHERE), st.integers(0, 90)), max_size=4)


@pytest.mark.only_in_check
@for_flow("rotated")
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rounds=st.lists(losses, min_size=1, max_size=3))
def test_no_number_of_lost_answers_logs_a_client_out(
    service: Service, rounds: list[list[tuple[int, Fault, int]]]
) -> None:
    """A client that sends its token again until it is answered, at any later time, is answered with a newer one."""
    world = service.world
    scene = service.flow.arrange(world)
    assert scene.session is not None
    known = scene.session.rotation.head
    for failures in rounds:
        for nth, fault, seconds in failures:
            service.line.listen()
            service.line.fail(nth, fault)
            lost = service.ask(scene)
            assert lost.status == 200 or is_unavailable(lost)
            world.stack.clock.advance(seconds)

        answer = service.ask(scene)

        assert answer.status == 200
        rotation = world.stored(scene.session).rotation
        assert rotation.floor <= rotation.parent < rotation.first <= rotation.head
        gen = unverified_claims(answer.body["refresh_token"])["gen"]
        assert gen > known
        known = rotation.head
        scene = replace(scene, event=sample("refresh_rotated", body={"refresh_token": answer.body["refresh_token"]}))
        world.stack.clock.advance(60)
    world.forget()
