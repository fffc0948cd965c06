"""Lambda functions, run as Lambda runs them: several environments, one request at a time in each."""

import importlib
import json
import math
import os
import sys
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from dev.aws.cloud import LOCAL
from dev.lambda_host import variables
from dev.sam.template import ACCOUNT, REGION, ROOT, FunctionSpec
from sallyport.aws.clients import Clients
from sallyport.clock import Clock, system_clock

OUR_FUNCTIONS = ROOT / "functions"

_loading = threading.Lock()


@dataclass(frozen=True)
class LambdaContext:
    """The second argument of handlers, as far as it exists here."""

    function_name: str
    aws_request_id: str
    invoked_function_arn: str


Handler: TypeAlias = Callable[[Mapping[str, Any], LambdaContext], Any]


class TimedOutError(Exception):
    """The function ran into the time limit that the template gives it."""


class ExitedError(Exception):
    """The function has ended its process."""


class GaveUpError(Exception):
    """The caller has stopped waiting for the function."""


class LocalFunction:
    """One function. A request takes the environment that idled last; when all are busy, a new one starts.

    Sallyport's own functions see `clock`, and AWS through `clients`.
    """

    def __init__(self, spec: FunctionSpec, clock: Clock = system_clock, clients: Clients = LOCAL) -> None:
        self.spec = spec
        self._clock = clock
        self._clients = clients
        self._idle = [self._start()]
        self._lock = threading.Lock()

    def invoke(self, event: Mapping[str, Any], *, patience: float = math.inf) -> Any:
        """Run the handler, JSON in and JSON out, for as long as the template allows and the caller waits (seconds).

        Raises whatever it raises, TimedOutError or GaveUpError. An environment that ran out of time is not used again.
        """
        with self._lock:
            handler = self._idle.pop() if self._idle else None
        handler = handler or self._start()
        running = _run(handler, event, self.spec)
        if not wait([running], timeout=min(self.spec.timeout, patience)).done:
            raise TimedOutError if self.spec.timeout <= patience else GaveUpError
        with self._lock:
            self._idle.append(handler)
        return running.result()

    def _start(self) -> Handler:
        if self.spec.folder.parent == OUR_FUNCTIONS:
            return _built(self.spec, self._clock, self._clients)
        return loaded(self.spec)


def _built(spec: FunctionSpec, clock: Clock, clients: Clients) -> Handler:
    """Build a function of ours with the clock and the clients of this machine: what its app.py does with Lambda's."""
    wiring = importlib.import_module(f"sallyport.wiring.{spec.folder.name}")
    handler: Handler = wiring.build(spec.environment, clock, clients)
    return handler


def loaded(spec: FunctionSpec) -> Handler:
    """Load a function's modules anew, in its own environment variables, as Lambda does, and return its handler."""
    module_name, _, handler_name = spec.handler.rpartition(".")
    with _loading, _Variables(spec.environment), _modules_of(spec.folder.resolve()):
        module = importlib.import_module(module_name.replace("/", "."))
    handler: Handler = getattr(module, handler_name)
    return handler


@contextmanager
def _modules_of(folder: Path) -> Iterator[None]:
    """Import from a folder, and forget its modules afterwards: other functions have modules of the same names."""
    before = set(sys.modules)
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        for name in set(sys.modules) - before:
            if _is_below(folder, sys.modules[name]):
                del sys.modules[name]


def _is_below(folder: Path, module: object) -> bool:
    places = [getattr(module, "__file__", None), *getattr(module, "__path__", ())]
    return any(place is not None and Path(place).resolve().is_relative_to(folder) for place in places)


def _run(handler: Handler, event: Mapping[str, Any], spec: FunctionSpec) -> Future[Any]:
    """Start the handler in a thread of its own. A daemon, because no thread can be killed when the server ends."""
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{spec.name}"
    context = LambdaContext(spec.name, str(uuid.uuid4()), arn)
    running: Future[Any] = Future()

    def run() -> None:
        variables.running.set(dict(spec.environment))
        try:
            running.set_result(_through_json(handler(_through_json(event), context)))
        except SystemExit:  # which would end the server
            running.set_exception(ExitedError())
        except Exception as error:  # noqa: BLE001  # handed to the caller
            running.set_exception(error)

    threading.Thread(target=run, name=spec.name, daemon=True).start()
    return running


def _through_json(value: Any) -> Any:
    """Copy a value through JSON, as Lambda does. Raises TypeError or ValueError for what JSON does not have."""
    return json.loads(json.dumps(value, allow_nan=False))


class _Variables:
    """Sets environment variables for the length of a block. Touches no others, because other threads read those."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables

    def __enter__(self) -> None:
        self._before = {name: os.environ.get(name) for name in self._variables}
        os.environ.update(self._variables)

    def __exit__(self, *_: object) -> None:
        for name, value in self._before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
