"""CloudFormation's end of a custom resource: where the answer is put."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.support.endpoint import Reply, serving


@dataclass
class CloudFormation:
    """The answers of custom resources that were put to `url`."""

    url: str = ""
    answers: list[dict[str, Any]] = field(default_factory=list)

    def receive(self, _path: str, body: bytes) -> Reply:
        self.answers.append(json.loads(body))
        return Reply(200, b"")


@contextmanager
def listening() -> Iterator[CloudFormation]:
    cloudformation = CloudFormation()
    with serving(cloudformation.receive) as server:
        cloudformation.url = f"{server.url}/"
        yield cloudformation
