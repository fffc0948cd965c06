"""O03: every call of login, refresh and logout fails in every way, one at a time.

The calls are not listed: a good run is recorded, and each of its calls fails in turn.
"""

import pytest

from tests.faults.kinds import EVERY_FAULT, SOME_FAULTS
from tests.faults.line import Fault
from tests.faults.scenes import EXEMPLARY, FLOWS, is_whole
from tests.faults.service import Service, is_unavailable

SAMPLED = {"recovered", "everywhere by token"}
"""Flows whose calls fail in `make test`, too, beside the exemplary ones."""


@pytest.mark.parametrize(
    ("flow", "faults"),
    [
        pytest.param(flow, EVERY_FAULT, id=name)
        if name in EXEMPLARY
        else pytest.param(flow, SOME_FAULTS, id=name, marks=() if name in SAMPLED else pytest.mark.only_in_check)
        for name, flow in FLOWS.items()
    ],
)
def test_o03_a_call_that_fails_is_a_503_and_the_same_request_succeeds_later(
    service: Service, faults: list[Fault]
) -> None:
    for nth, call in enumerate(service.calls()):
        for fault in faults:
            if fault.can_meet(call):
                fail(service, nth, call, fault)


def fail(service: Service, nth: int, call: str, fault: Fault) -> None:
    flow, world = service.flow, service.world
    scene = flow.arrange(world)
    service.line.listen(scene.rival)
    service.line.fail(nth, fault)
    answer = service.ask(scene)

    where = (call, fault.name, answer)
    assert service.line.calls[nth] == call
    assert service.line.attempts[nth] == (2 if fault.retried else 1), where
    is_harmless = call in flow.tolerates or fault.absorbed or (fault.understood and service.is_right(answer))
    if not is_harmless:
        assert is_unavailable(answer), where
        if scene.session is not None:
            is_whole(world, scene)
        answer = service.ask(scene)
    is_done = flow.done_before is not None and answer.body.get("code") == flow.done_before
    assert service.is_right(answer) or is_done, where
    flow.check(world, scene, answer)
    world.forget()
