"""A function as its clients meet it while calls fail."""

import json
from dataclasses import dataclass

import pytest

from dev.lambda_host.functions import LocalFunction
from tests.faults.kinds import CANARY
from tests.faults.line import Line
from tests.faults.scenes import Flow, Scene, World
from tests.support.deployed import PASSWORD, Answer


@dataclass(frozen=True)
class Service:
    """One warm environment of a flow's function, at the end of a line."""

    flow: Flow
    world: World
    line: Line
    function: LocalFunction
    log: pytest.LogCaptureFixture

    def ask(self, scene: Scene) -> Answer:
        """Send the request of a scene. Whatever happens, there is one line in the log, and no secret anywhere."""
        self.log.clear()
        payload = self.function.invoke(scene.event)
        self.line.hang_up()
        answer = Answer(payload["statusCode"], payload["headers"], json.loads(payload.get("body") or "{}"))
        (record,) = self.log.records
        assert (record.message, record.__dict__["status"]) == ("answered", answer.status)
        assert answer.status < 400 or "cookies" not in payload  # a client that comes back still has its cookie
        shown = str(record.__dict__) + ("" if answer.status == 200 else str(payload))
        for secret in (*_sent_secrets(scene), *_answered_secrets(answer)):
            assert secret not in shown
        return answer

    def is_right(self, answer: Answer) -> bool:
        return (answer.status, answer.body.get("code")) == (self.flow.status, self.flow.code)

    def calls(self) -> list[str]:
        """Record the calls of a good run."""
        for _ in range(2):  # the first may have to read keys
            scene = self.flow.arrange(self.world)
            self.line.listen(scene.rival)
            assert self.is_right(self.ask(scene))
            self.world.forget()
        return self.line.calls


def _answered_secrets(answer: Answer) -> list[str]:
    return [value for name, value in answer.body.items() if name.endswith("_token")]


def _sent_secrets(scene: Scene) -> list[str]:
    sent = json.dumps(
        [scene.event.get("body"), scene.event.get("cookies"), scene.event["headers"].get("authorization")]
    )
    tokens = [word for word in sent.replace("\\", "").replace('"', " ").split() if word.count(".") == 2]
    return [CANARY, PASSWORD, *(segment for token in tokens for segment in token.split(".")[1:])]


def is_unavailable(answer: Answer) -> bool:
    return (
        (answer.status, answer.body.get("status"), answer.body.get("code")) == (503, 503, "service_unavailable")
        and answer.headers["content-type"] == "application/problem+json"
        and answer.headers["retry-after"] == str(answer.body["retry_after"])
    )
