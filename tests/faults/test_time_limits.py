"""A function gives up before Lambda ends it: the client gets our answer, and the environment lives on."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from dev.lambda_host.functions import LocalFunction
from dev.sam.stack import translate
from sallyport.aws.authorizer.handler import AuthorizerUnavailable
from sallyport.aws.clients import ON_LAMBDA
from tests.faults.kinds import TIMED_OUT
from tests.faults.line import Line
from tests.faults.scenes import AUTHORIZERS, LONGEST, World

pytestmark = pytest.mark.only_in_check

LONGEST_NAP = 0.05
"""botocore's longest wait before it repeats a call that hung, in seconds."""

ENVIRONMENTS: dict[str, tuple[str, Mapping[str, str]]] = {
    **{function: (function, {}) for function in LONGEST if function != "Authorizer"},
    **{f"Authorizer, {mode}": ("Authorizer", told) for mode, told in AUTHORIZERS.items()},
}


@pytest.mark.parametrize(("function", "told"), ENVIRONMENTS.values(), ids=ENVIRONMENTS.keys())
def test_a_request_whose_calls_hang_from_some_point_on_ends_with_an_answer_of_ours(
    world: World, line: Line, naps: list[float], function: str, told: Mapping[str, str]
) -> None:
    """Each attempt takes as long as it may, both to connect and to be answered."""
    spec = world.stack.deployment.functions[function].spec
    environment = LocalFunction(replace(spec, environment={**spec.environment, **told}))
    patience = ON_LAMBDA.patience
    limit = translate(table_name="table", kms_key_id="key")[function]["Properties"]["Timeout"]

    def attempts(*, hanging_from: int) -> list[int]:
        scene = LONGEST[function](world)
        line.listen()
        line.fail(hanging_from, TIMED_OUT, following=True)
        try:
            answer = environment.invoke(scene.event)
            if function == "Authorizer":
                assert answer["isAuthorized"]  # it goes on with what it knows
            elif function == "Verify":
                assert answer["statusCode"] in (204, 503)  # the same
            else:
                missed = [call for call in line.calls[hanging_from:] if call != "SendMessage notice"]
                assert (answer.get("statusCode") == 503) == (missed != [])
        except AuthorizerUnavailable:
            assert hanging_from < len(line.calls)
        line.hang_up()
        return line.attempts

    never = 99
    attempts(hanging_from=never)  # reads the keys
    calls = len(attempts(hanging_from=never))
    in_vain = max(sum(attempts(hanging_from=nth)[nth:]) for nth in range(calls))

    assert max(naps) <= LONGEST_NAP
    assert in_vain * (patience.connect_timeout + patience.read_timeout + LONGEST_NAP) < limit
