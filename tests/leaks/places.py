"""All places where a function can leave something, written down while it runs."""

import io
import json
import logging
import sys
import threading
import traceback
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest

from dev.lambda_host.functions import LocalFunction
from tests.leaks.canaries import Canaries, Kind, Place

_NOT_OURS = ("moto", "werkzeug", "responses", "docker")
"""Whose lines are those of the embedded AWS, which runs in this process."""

_OF_SERVICE: Mapping[str, Place] = {
    "dynamodb": "table", "kms": "kms", "sqs": "queue", "sesv2": "mails"
}  # fmt: skip


@dataclass
class Places:
    """What was left where. `lines` is the log group of all functions, as Lambda fills it.

    Calls are noted while `is_watched`: clients of later tests may go on telling of theirs.
    """

    lines: io.StringIO = field(default_factory=io.StringIO)
    sent: dict[Place, list[str]] = field(default_factory=dict)
    reprs: set[str] = field(default_factory=set)
    is_watched: bool = False

    def before_send(self, request: AWSPreparedRequest, event_name: str, **_: Any) -> None:
        """Note a call to AWS: a handler of botocore's `before-send.<service>.<operation>`."""
        if not self.is_watched:
            return
        service = event_name.split(".")[1]
        body = request.body
        assert isinstance(body, bytes | str)
        text = body.decode("latin-1") if isinstance(body, bytes) else body
        self.note(_OF_SERVICE[service], text)
        if event_name.endswith("TransactWriteItems"):
            for write in json.loads(text)["TransactItems"]:
                if write.get("Put", {}).get("Item", {}).get("PK", {}).get("S", "").startswith("AUDIT#"):
                    self.note("audit", json.dumps(write))

    def note(self, place: Place, text: str) -> None:
        self.sent.setdefault(place, []).append(text)

    def clear(self) -> None:
        self.lines.seek(0)
        self.lines.truncate()
        self.sent.clear()
        self.reprs.clear()

    def said(self) -> dict[Place, str]:
        log = self.lines.getvalue()
        metrics = "\n".join(line for line in log.splitlines() if '"_aws"' in line)
        told = {place: "\n".join(texts) for place, texts in self.sent.items()}
        return {"log": log, "metrics": metrics, "reprs": "\n".join(self.reprs), **told}

    def log_lines(self) -> list[dict[str, Any]]:
        """Return what functions logged. Raises ValueError if anything else than JSON stands in the log."""
        return [line for line in self._written() if "_aws" not in line]

    def counts(self) -> list[dict[str, Any]]:
        """Return what functions counted."""
        return [line for line in self._written() if "_aws" in line]

    def _written(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines.getvalue().splitlines()]

    def misplaced(self, canaries: Canaries) -> list[tuple[Place, Kind, str]]:
        """Return what stands where it may not, each with the text around it."""
        return [
            (place, kind, _around(spelling, text))
            for place, text in self.said().items()
            for kind, spelling in canaries.misplaced(place, text)
        ]

    @contextmanager
    def watched(self, *, root_level: int = logging.DEBUG) -> Iterator["Places"]:
        """Write down what is logged and printed meanwhile, and how every value of ours shows itself.

        Lambda's own logger takes lines of every library. An operator can set it to DEBUG.
        """
        handler = logging.StreamHandler(self.lines)
        handler.addFilter(lambda record: not record.name.startswith("sallyport."))  # which have a handler
        root = logging.getLogger()
        before = root.level
        with redirect_stdout(self.lines), redirect_stderr(self.lines), pytest.MonkeyPatch.context() as patch:
            patch.delenv("POWERTOOLS_METRICS_DISABLED", raising=False)
            with ExitStack() as undo:
                for name in [name for name in logging.root.manager.loggerDict if name.startswith("sallyport.")]:
                    undo.enter_context(_writing_to(self.lines, logging.getLogger(name)))
                for name in _NOT_OURS:
                    patch.setattr(logging.getLogger(name), "level", logging.ERROR)
                logging.captureWarnings(True)
                root.addHandler(handler)
                root.setLevel(root_level)
                threading.setprofile(self._look_at_functions)
                try:
                    yield self
                finally:
                    threading.setprofile(None)
                    root.setLevel(before)
                    root.removeHandler(handler)
                    logging.captureWarnings(False)

    def _look_at_functions(self, *_: object) -> None:
        """Look at the threads of functions, and leave alone those of the embedded AWS, which have no name of ours."""
        sys.setprofile(None if threading.current_thread().name.startswith("Thread-") else self._look_at)

    def _look_at(self, frame: FrameType, event: str, answer: object) -> None:
        """See how the variables of a function of ours show themselves when it returns."""
        if event == "return" and "/core/sallyport/" in frame.f_code.co_filename:
            for value in (*frame.f_locals.values(), answer):
                if type(value).__module__.startswith("sallyport."):
                    self.reprs.add(repr(value))

    def invoke(self, function: LocalFunction, event: Any) -> Any:
        """Invoke a function. What it raises is printed as Lambda prints it, with every cause, and None returned."""
        try:
            return function.invoke(event)
        except Exception as error:  # noqa: BLE001  # the edge
            shown = "".join(traceback.format_exception(error, chain=not error.__suppress_context__))
            self.lines.write(f"[ERROR] {type(error).__name__}: {error}\n{json.dumps(shown)}\n")
            return None


def _around(spelling: str, text: str) -> str:
    at = text.index(spelling)
    return text[max(0, at - 160) : at + len(spelling) + 40]


@contextmanager
def _writing_to(stream: io.StringIO, logger: logging.Logger) -> Iterator[None]:
    """Let a logger write there. `setStream` would flush what it wrote to before: another test may have closed that."""
    with pytest.MonkeyPatch.context() as patch:
        for handler in logger.handlers:
            if isinstance(handler, logging.StreamHandler):
                patch.setattr(handler, "stream", stream)
        yield
