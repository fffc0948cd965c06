"""A meter between functions and their DynamoDB engine: it counts calls, and units as the engine bills them.

It stands in the network, so whatever client a function uses is counted alike, and nothing is added to its CPU.
"""

import json
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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
    server = _Server(urlsplit(engine_url).netloc)
    thread = threading.Thread(target=server.serve_forever, name="meter", daemon=True)
    thread.start()
    try:
        yield server.meter
    finally:
        server.shutdown()
        server.hang_up()
        thread.join()
        server.server_close()  # waits for the threads of connections


class _Server(ThreadingHTTPServer):
    daemon_threads = False

    def __init__(self, engine: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.engine = engine
        self.meter = Meter(f"http://127.0.0.1:{self.server_port}")
        self.open: set[socket.socket] = set()

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):  # else a function has given up waiting
            super().handle_error(request, client_address)

    def hang_up(self) -> None:
        """End the connections that clients keep open."""
        for connection in list(self.open):
            with suppress(OSError):  # the client was first
                connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # an answer in one piece

    def setup(self) -> None:
        super().setup()
        self._engine = HTTPConnection(self.server.engine)
        self.server.open.add(self.connection)

    def finish(self) -> None:
        self.server.open.discard(self.connection)
        self._engine.close()
        super().finish()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        asked = json.dumps({**json.loads(body), "ReturnConsumedCapacity": "TOTAL"}).encode()
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _OF_THIS_HOP}
        self._engine.request("POST", self.path, asked, headers)
        answer = self._engine.getresponse()
        told = answer.read()
        self.server.meter.note(self.headers["X-Amz-Target"].partition(".")[2], json.loads(told))
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
