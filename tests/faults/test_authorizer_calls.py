"""O03 for the authorizer, in every mode: each of its calls fails in every way. It lets nobody in for that.

Recorded, as in test_every_call.py: a good run of an environment that has just started, and of one that has to read
everything again.
"""

from dataclasses import replace

import pytest

from dev.lambda_host.functions import LocalFunction
from sallyport.aws.authorizer.handler import AuthorizerUnavailable
from tests.faults.kinds import CANARY, EVERY_FAULT
from tests.faults.line import Fault, Line
from tests.faults.scenes import AUTHORIZERS, LONGEST, Scene, World

GOES_ON_WITHOUT = {
    "Query JWKS": "keys that were read before stay good while the table is away",
    "Query REVOKED": "what is known of revocations is good for a minute",
}

ALWAYS = "strict"
each_mode = pytest.mark.parametrize(
    "told",
    [
        pytest.param(told, id=name, marks=() if name == ALWAYS else pytest.mark.only_in_check)
        for name, told in AUTHORIZERS.items()
    ],
)


def started(world: World, told: dict[str, str]) -> LocalFunction:
    spec = world.stack.deployment.functions["Authorizer"].spec
    return LocalFunction(replace(spec, environment={**spec.environment, **told}))


def calls_of(authorizer: LocalFunction, line: Line, scene: Scene) -> list[str]:
    line.listen()
    assert authorizer.invoke(scene.event)["isAuthorized"]
    line.hang_up()
    return line.calls


def faults_of(call: str) -> list[Fault]:
    return [fault for fault in EVERY_FAULT if fault.can_meet(call) and not (fault.committed and fault.retried)]


def assert_it_raises(authorizer: LocalFunction, scene: Scene, log: pytest.LogCaptureFixture, where: object) -> None:
    log.clear()
    with pytest.raises(AuthorizerUnavailable):
        pytest.fail(f"{where}: {authorizer.invoke(scene.event)}")
    (record,) = log.records
    assert (record.message, record.levelname) == ("failed", "ERROR")
    for secret in (CANARY, scene.event["headers"]["authorization"].split(".")[1]):
        assert secret not in str(record.__dict__)


@each_mode
def test_o03_an_environment_that_has_read_nothing_yet_lets_nobody_in_until_it_has(
    world: World, line: Line, told: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    scene = LONGEST["Authorizer"](world)
    for nth, call in enumerate(calls_of(started(world, told), line, scene)):
        for fault in faults_of(call):
            authorizer = started(world, told)
            line.listen()
            line.fail(nth, fault)
            assert_it_raises(authorizer, scene, caplog, (call, fault.name))
            assert line.calls[-1] == call
            line.hang_up()

            world.stack.clock.advance(1)
            assert authorizer.invoke(scene.event)["isAuthorized"], (call, fault.name)
            scene = LONGEST["Authorizer"](world)


@each_mode
def test_o03_one_that_knows_goes_on_for_a_minute_and_then_raises(
    world: World, line: Line, told: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    authorizer = started(world, told)
    assert authorizer.invoke(LONGEST["Authorizer"](world).event)["isAuthorized"]
    for nth, call in enumerate(calls_of(authorizer, line, LONGEST["Authorizer"](world))):
        for fault in faults_of(call):
            scene = LONGEST["Authorizer"](world)
            line.listen()
            line.fail(nth, fault)
            if call in GOES_ON_WITHOUT:
                assert authorizer.invoke(scene.event)["isAuthorized"], (call, fault.name)
            else:
                assert_it_raises(authorizer, scene, caplog, (call, fault.name))
            assert line.calls[nth] == call
            if call == "Query REVOKED":
                world.stack.clock.advance(1)
                line.listen()
                line.fail(0, fault)
                assert_it_raises(authorizer, scene, caplog, (call, fault.name))
            line.hang_up()

            world.stack.clock.advance(10)
            assert authorizer.invoke(scene.event)["isAuthorized"], (call, fault.name)
