"""O04: KMS is down, the key rings cannot be read, or a token's key is unknown while they cannot: 503, and no writes."""

from dataclasses import replace

import pytest

from dev.lambda_host.functions import LocalFunction
from sallyport.aws.authorizer.handler import AuthorizerUnavailable
from tests.faults.kinds import EVERY_FAULT, TIMED_OUT
from tests.faults.line import Line
from tests.faults.scenes import FLOWS, LONGEST, World
from tests.faults.service import Service, is_unavailable
from tests.support.tokens import access_key, refresh_key

KINDS = [fault for fault in EVERY_FAULT if fault.name in ("denied", "timed out", "malformed: b'<html>'")]
COLD = ("login", "rotated", "everywhere by token", "everywhere by bearer")


def started_anew(service: Service) -> Service:
    return replace(
        service, function=LocalFunction(service.world.stack.deployment.functions[service.flow.function].spec)
    )


@pytest.mark.parametrize(
    "flow",
    [pytest.param(FLOWS[name], id=name, marks=() if name == "rotated" else pytest.mark.only_in_check) for name in COLD],
)
def test_o04_an_environment_that_cannot_get_at_its_keys_does_nothing_until_it_can(service: Service) -> None:
    flow, world = service.flow, service.world
    scene = flow.arrange(world)
    service.line.listen()
    service.ask(scene)
    calls = service.line.calls

    for nth, call in enumerate(calls):
        if not call.startswith(("Query JWKS", "Query SIGNING", "Decrypt")):
            continue
        cold, fault = started_anew(service), KINDS[nth % len(KINDS)]
        world.forget()
        scene = flow.arrange(world)
        before = world.stack.sessions.of_user(scene.user.user_id)
        service.line.listen()
        service.line.fail(nth, fault)

        assert is_unavailable(cold.ask(scene)), call

        assert world.stack.sessions.of_user(scene.user.user_id) == before
        answer = cold.ask(scene)
        assert service.is_right(answer), call
        flow.check(world, scene, answer)


@pytest.fixture
def stranger(world: World) -> World:
    """A world whose tokens are signed with keys that nobody has published, or not yet."""
    return replace(world, signer=replace(world.signer, access_key=access_key(), refresh_key=refresh_key()))


UNKNOWN = ("rotated", "logout by token", "logout by cookie", "logout by bearer", "everywhere by bearer")


@pytest.mark.parametrize("flow", [FLOWS[name] for name in UNKNOWN], ids=UNKNOWN)
def test_o04_an_unknown_kid_is_no_bad_token_while_the_ring_cannot_be_read(service: Service, stranger: World) -> None:
    """The first request may read the ring again, the next may not: neither knows."""
    service.calls()
    service.world.stack.clock.advance(10)
    scene = service.flow.arrange(stranger)
    for readings in (1, 0):
        service.line.listen()
        service.line.fail(0, TIMED_OUT, following=True)
        assert is_unavailable(service.ask(scene))
        assert len(service.line.calls) == readings

    service.world.stack.clock.advance(10)
    answer = service.ask(scene)

    assert answer.status == (401 if service.flow.function == "Refresh" else 204)
    assert scene.session is not None
    assert service.world.stored(scene.session) == scene.session


def test_o04_the_authorizer_decides_nothing_about_an_unknown_kid_while_the_ring_cannot_be_read(
    world: World, stranger: World, line: Line
) -> None:
    authorizer = LocalFunction(world.stack.deployment.functions["Authorizer"].spec)
    assert authorizer.invoke(LONGEST["Authorizer"](world).event)["isAuthorized"]
    event = LONGEST["Authorizer"](stranger).event
    for _ in range(2):
        line.listen()
        line.fail(0, TIMED_OUT, following=True)
        with pytest.raises(AuthorizerUnavailable):
            authorizer.invoke(event)
        line.hang_up()

    world.stack.clock.advance(10)
    assert authorizer.invoke(event) == {"isAuthorized": False}
