"""Built functions in Lambda's Runtime Interface Emulator, run by Lambda's own runtime client: no Docker, no account.

The emulator comes in sam's package, the runtime client (awslambdaric) has an environment of its own with the functions'
Python. The layers are found by PYTHONPATH instead of /opt/python.
"""

import json
import os
import platform
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from dev.sam.template import ROOT, FunctionSpec
from tests.support.built import BUILD, why_the_build_is_of_no_use
from tests.support.ports import answers, free_ports

LAYERS = tuple(BUILD / layer / "python" for layer in ("CoreLayer", "DependenciesX86"))
_PYTHON = ROOT / ".venv-emulator/bin/python"
_EMULATOR = "lib/python*/site-packages/samcli/local/rapid/aws-lambda-rie-x86_64"
_PATIENCE_SECONDS = 120  # the emulator panics when a client goes away during a call


class FunctionFailed(Exception):
    """The handler raised. `answer` is what Lambda tells whoever invoked it."""

    def __init__(self, answer: Mapping[str, Any]) -> None:
        super().__init__(answer["errorType"])
        self.answer = answer


@dataclass(frozen=True)
class Emulator:
    """One function, one request at a time. It starts with the first one, as on Lambda."""

    pid: int
    log: Path
    _client: httpx.Client

    def invoke(self, event: Mapping[str, Any]) -> Any:
        """Run the handler. Raises FunctionFailed."""
        answer = json.loads(self._client.post("/2015-03-31/functions/function/invocations", json=event).content)
        if isinstance(answer, dict) and "errorType" in answer:
            raise FunctionFailed(answer)
        return answer

    @property
    def cpu_seconds(self) -> float:
        """What the function's process has used of the CPU so far: nothing before its first event."""
        forks = Path(f"/proc/{self.pid}/task").glob("*/children")
        children = [child for thread in forks for child in thread.read_text().split()]
        threads = [path for child in children for path in Path(f"/proc/{child}/task").glob("*/schedstat")]
        return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9


def what_is_missing() -> str | None:
    """Say why no function can be emulated here, and which command changes that."""
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        return "the emulator is for Linux on x86_64: run `make check` there"
    if not _PYTHON.exists() or _emulator() is None:
        return "the emulator is not installed: run `make emulator` (needs python3.13 on PATH)"
    return why_the_build_is_of_no_use("make emulator")


@contextmanager
def emulated(
    spec: FunctionSpec,
    log: Path,
    *,
    folder: Path | None = None,
    packages: Sequence[Path] = LAYERS,
    handler: str = "app.lambda_handler",
) -> Iterator[Emulator]:
    """Run a function on the embedded cloud, which the AWS_ variables of this process name (dev.aws.cloud).

    It is the one that was built, unless `folder` holds another, and imports from `packages`.
    """
    port, runtime_port = free_ports(2)
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                str(_emulator()),
                *("--runtime-interface-emulator-address", f"127.0.0.1:{port}"),  # else it listens on every interface
                *("--runtime-api-address", f"127.0.0.1:{runtime_port}"),
                *(_PYTHON, "-m", "awslambdaric", handler),
            ],
            cwd=folder or BUILD / spec.name,
            env=_environment(spec, packages),
            stdout=output,
            stderr=output,
        )
    try:
        while not answers(port):
            assert process.poll() is None, log.read_text()
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=_PATIENCE_SECONDS, trust_env=False) as client:
            yield Emulator(process.pid, log, client)
    finally:
        process.terminate()  # it kills the function's process before it ends
        process.wait(timeout=60)


def _environment(spec: FunctionSpec, packages: Sequence[Path]) -> dict[str, str]:
    """What Lambda gives a function, and nothing else of the shell that runs the tests."""
    return {
        **{name: value for name, value in os.environ.items() if name.startswith("AWS_")},
        **spec.environment,
        "PYTHONPATH": os.pathsep.join(map(str, packages)),
        "PYTHONDONTWRITEBYTECODE": "1",  # on Lambda both folders are read-only
    }


def _emulator() -> Path | None:
    return next((ROOT / ".venv-sam").glob(_EMULATOR), None)
