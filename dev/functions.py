"""Lambda functions, run as Lambda runs them: several environments, one request at a time in each."""

import importlib.util
import itertools
import os
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dev.stack import ACCOUNT, REGION, FunctionSpec

_loading = threading.Lock()
_module_numbers = itertools.count()


@dataclass(frozen=True)
class LambdaContext:
    """What handlers may ask of their second argument."""

    function_name: str
    aws_request_id: str
    invoked_function_arn: str


class LocalFunction:
    """One function. A request takes the environment that idled last; when all are busy, a new one starts."""

    def __init__(self, spec: FunctionSpec) -> None:
        self.spec = spec
        self._idle = [self._start()]
        self._lock = threading.Lock()

    def invoke(self, event: Mapping[str, Any]) -> Any:
        """Run the handler. Raises whatever it raises."""
        with self._lock:
            handler = self._idle.pop() if self._idle else None
        handler = handler or self._start()
        try:
            name = self.spec.name
            arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
            return handler(event, LambdaContext(name, str(uuid.uuid4()), arn))
        finally:
            with self._lock:
                self._idle.append(handler)

    def _start(self) -> Callable[[Mapping[str, Any], LambdaContext], Any]:
        """Load app.py anew, in the function's own environment variables."""
        path = self.spec.folder / "app.py"
        spec = importlib.util.spec_from_file_location(f"{path.parent.name}_app_{next(_module_numbers)}", path)
        if spec is None or spec.loader is None:
            raise FileNotFoundError(path)
        module = importlib.util.module_from_spec(spec)
        with _loading, _Variables(self.spec.environment):
            spec.loader.exec_module(module)
        handler: Callable[[Mapping[str, Any], LambdaContext], Any] = module.lambda_handler
        return handler


class _Variables:
    """Sets environment variables for the length of a block, and touches no others: threads are reading those."""

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
