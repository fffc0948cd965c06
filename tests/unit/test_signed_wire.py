"""Connections of signed reads, over real sockets and real TLS."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import pytest

from sallyport.aws.patience import PATIENCE
from sallyport.aws.signed import wire as wires
from sallyport.aws.signed.endpoint import Endpoint
from sallyport.aws.signed.wire import Broken, HttpWire
from tests.support.certificates import Certified, certified

QUICK = PATIENCE._replace(read_timeout=0.05)
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nX-Amz-Crc32: 7\r\n\r\n{}"
Serve: TypeAlias = Callable[[socket.socket], None]


@dataclass
class Server:
    """Serves each connection in a thread of its own. `opened` says how many there were."""

    serve: Serve
    listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    opened: int = 0
    served: list[threading.Thread] = field(default_factory=list)

    @property
    def port(self) -> int:
        return int(self.listener.getsockname()[1])

    def run(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.opened += 1
            thread = threading.Thread(target=self._serve, args=[connection])
            self.served.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            self.serve(connection)


@contextmanager
def serving(serve: Serve) -> Iterator[Server]:
    server = Server(serve)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield server
    finally:
        server.listener.shutdown(socket.SHUT_RDWR)
        server.listener.close()
        thread.join()
        for thread in server.served:
            thread.join()


def answering(data: bytes, times: int = 99) -> Serve:
    def serve(connection: socket.socket) -> None:
        for _ in range(times):
            head = b""
            while b"\r\n\r\n{}" not in head:
                try:
                    more = connection.recv(65_536)
                except ConnectionError:  # the other side did not read to the end
                    return
                if not more:
                    return
                head += more
            connection.sendall(data)

    return serve


def wire_to(server: Server) -> HttpWire:
    return HttpWire(Endpoint("eu-central-1", False, "127.0.0.1", server.port, f"127.0.0.1:{server.port}"), QUICK)


def send(wire: HttpWire, *, anew: bool = False) -> wires.Answer:
    return wire.send({"host": wire.netloc}, b"{}", anew=anew)


def test_a_connection_is_kept_and_headers_are_in_lower_case() -> None:
    with serving(answering(OK)) as server:
        wire = wire_to(server)
        answers = [send(wire) for _ in range(3)]
        del wire

    assert answers == [wires.Answer(200, {"content-length": "2", "x-amz-crc32": "7"}, b"{}")] * 3
    assert server.opened == 1


def test_one_that_the_other_side_has_closed_is_not_used_again() -> None:
    with serving(answering(OK, times=1)) as server:
        wire = wire_to(server)
        send(wire)
        server.served[0].join()
        answer = send(wire)
        del wire

    assert answer.status == 200
    assert server.opened == 2


def test_what_came_unasked_is_the_answer_to_nothing() -> None:
    with serving(answering(OK + b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nforged")) as server:
        wire = wire_to(server)
        answers = [send(wire).body for _ in range(3)]
        del wire

    assert answers == [b"{}"] * 3


def test_a_second_attempt_has_a_connection_of_its_own() -> None:
    with serving(answering(OK)) as server:
        wire = wire_to(server)
        send(wire)
        send(wire, anew=True)
        del wire

    assert server.opened == 2


def test_one_that_the_server_wants_closed_is_closed() -> None:
    with serving(answering(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}")) as server:
        wire = wire_to(server)
        assert send(wire).body == b"{}"
        assert wire._idle == []


HEAD = b"HTTP/1.1 200 OK\r\n"
ENDS: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "ConnectionClosedError"),
    "no HTTP": (b"\x16\x03\x01\x02\x00", "ConnectionClosedError"),
    "half a head": (HEAD, "ConnectionClosedError"),
    "half a body": (HEAD + b"content-length: 400\r\n\r\n{", "ConnectionClosedError"),
    "half a chunk": (HEAD + b"transfer-encoding: chunked\r\n\r\n400\r\n{", "ConnectionClosedError"),
    "too many headers": (HEAD + b"x: y\r\n" * 200 + b"\r\n", "ConnectionClosedError"),
}


@pytest.mark.parametrize(("data", "word"), ENDS.values(), ids=ENDS)
def test_half_an_answer_is_none(data: bytes, word: str) -> None:
    with serving(answering(data, times=1)) as server, pytest.raises(Broken) as raised:
        send(wire_to(server))

    assert raised.value.word == word


def test_an_answer_that_does_not_come_in_time_is_none() -> None:
    done = threading.Event()

    def say_nothing(_: socket.socket) -> None:
        done.wait()

    with serving(say_nothing) as server:
        with pytest.raises(Broken, match="ReadTimeoutError"):
            send(wire_to(server))
        done.set()


@pytest.mark.parametrize("told", [b"content-length: 11\r\n", b"", b"transfer-encoding: chunked\r\n"])
def test_an_answer_is_read_to_a_limit(monkeypatch: pytest.MonkeyPatch, told: bytes) -> None:
    monkeypatch.setattr(wires, "LONGEST", 10)
    body = b"b\r\n12345678901\r\n0\r\n\r\n" if b"chunked" in told else b"12345678901"
    with serving(answering(HEAD + told + b"\r\n" + body, times=1)) as server, pytest.raises(Broken):
        send(wire_to(server))


def test_nobody_listening_is_no_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    wire = HttpWire(Endpoint("eu-central-1", False, "127.0.0.1", port, "x"), PATIENCE)

    with pytest.raises(Broken, match="EndpointConnectionError"):
        send(wire)


def test_a_header_that_is_none_is_not_shown() -> None:
    with serving(answering(OK)) as server, pytest.raises(Broken, match="InvalidHeader") as raised:
        wire_to(server).send({"x-amz-security-token": "canary\r\nx: y"}, b"{}", anew=False)

    assert raised.value.__suppress_context__


@pytest.fixture(scope="module")
def of_localhost(tmp_path_factory: pytest.TempPathFactory) -> Certified:
    return certified(tmp_path_factory.mktemp("tls"), "localhost")


def over_tls(files: Certified) -> Serve:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certificate, files.key)

    def serve(connection: socket.socket) -> None:
        try:
            with context.wrap_socket(connection, server_side=True) as wrapped:
                answering(OK)(wrapped)
        except OSError:
            pass  # the client trusts nobody here, and says so

    return serve


def secure_wire(server: Server, host: str, trusted: Path | None) -> HttpWire:
    at = Endpoint("eu-central-1", True, host, server.port, f"{host}:{server.port}")
    return HttpWire(at, PATIENCE, str(trusted) if trusted else None)


def test_a_server_is_spoken_to_whose_certificate_is_trusted_and_kept(of_localhost: Certified) -> None:
    with serving(over_tls(of_localhost)) as server:
        wire = secure_wire(server, "localhost", of_localhost.certificate)
        assert [send(wire).body for _ in range(3)] == [b"{}"] * 3
        del wire

    assert server.opened == 1


@pytest.mark.parametrize(("host", "is_trusted"), [("localhost", False), ("127.0.0.1", True)])
def test_one_that_is_not_trusted_or_another_is_told_nothing(
    of_localhost: Certified, host: str, is_trusted: bool
) -> None:
    with serving(over_tls(of_localhost)) as server, pytest.raises(Broken, match="SSLError"):
        send(secure_wire(server, host, of_localhost.certificate if is_trusted else None))
