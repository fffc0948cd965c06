"""O03: connections that break for real, as bytes: what botocore makes of them is Unavailable."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from dev.aws.cloud import LOCAL
from sallyport.aws.dynamodb.table import Table
from sallyport.errors import Unavailable

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0\r\n"

BROKEN = {
    "closed without a word": b"",
    "no HTTP": b"\x16\x03\x01\x02\x00",
    "cut within the head": HEAD,
    "cut within the body": HEAD + b'content-length: 400\r\n\r\n{"Responses": {',
    "cut within a chunk": HEAD + b'transfer-encoding: chunked\r\n\r\n400\r\n{"Responses": {',
}


@contextmanager
def answering(data: bytes, *, reset: bool) -> Iterator[str]:
    """Answer everybody who connects with `data`, and hang up; with `reset`, rudely."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.recv(65_536)
                connection.sendall(data)
                if reset:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


@pytest.mark.usefixtures("cloud")
@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN.keys())
def test_o03_a_connection_that_breaks_is_unavailable(data: bytes, reset: bool) -> None:
    with answering(data, reset=reset) as url:
        table = Table(LOCAL.dynamodb(url), "t")
        with pytest.raises(Unavailable):
            table.get(("PK", "SK"))


@pytest.mark.usefixtures("cloud")
def test_o03_nobody_listening_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with pytest.raises(Unavailable):
        Table(LOCAL.dynamodb(url), "t").get(("PK", "SK"))
