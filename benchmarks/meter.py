"""A meter between functions and their DynamoDB engine: it counts calls, and units as the engine bills them.

It stands in the network, so whatever client a function uses is counted alike, and nothing is added to its CPU.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit


@dataclass
class Meter:
    """What was called through `url` since the last reset. Ask it for nothing while a call is under way."""

    url: str
    calls: list[str] = field(default_factory=list)
    units: float = 0

    def reset(self) -> None:
        self.calls.clear()
        self.units = 0

    def note(self, operation: str, answer: Any) -> None:
        consumed = answer.get("ConsumedCapacity", [])  # of each table, where a call can be about several
        self.calls.append(operation)
        self.units += sum(part["CapacityUnits"] for part in (consumed if isinstance(consumed, list) else [consumed]))


@contextmanager
def metered(engine_url: str) -> Iterator[Meter]:
    """Serve the engine at another port, one connection to it for each that is opened here."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    meter = Meter(f"http://127.0.0.1:{server.server_port}")
    server.meter, server.engine = meter, urlsplit(engine_url).netloc  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, name="meter", daemon=True)
    thread.start()
    try:
        yield meter
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # an answer in one piece

    def setup(self) -> None:
        super().setup()
        self._engine = HTTPConnection(self.server.engine)  # type: ignore[attr-defined]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        asked = json.dumps({**json.loads(body), "ReturnConsumedCapacity": "TOTAL"}).encode()
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _OF_THIS_HOP}
        self._engine.request("POST", self.path, asked, headers)
        answer = self._engine.getresponse()
        told = answer.read()
        self.server.meter.note(self.headers["X-Amz-Target"].partition(".")[2], json.loads(told))  # type: ignore[attr-defined]
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in _OF_THIS_HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    def log_request(self, *_: object) -> None:
        pass


_OF_THIS_HOP = {"content-length", "connection", "transfer-encoding", "date", "server", "host", "expect"}
