"""HTTP to one service, over connections that stay open."""

import select
import ssl
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import NamedTuple, Protocol

from sallyport.aws.patience import Patience
from sallyport.aws.signed.endpoint import Endpoint

LONGEST = 32 * 2**20
"""Bytes of an answer. DynamoDB's are 16 MB of items at most, before they are written as JSON."""


class Answer(NamedTuple):
    """What came back. It does not show what it holds: items, or an opened key."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def __repr__(self) -> str:
        return f"Answer(status={self.status})"


class Broken(Exception):
    """Nothing came back, or not all of it. `word` is what botocore calls that."""

    def __init__(self, word: str) -> None:
        self.word = word
        super().__init__(word)


class Wire(Protocol):
    """Sends requests to one service."""

    netloc: str

    def send(self, headers: Mapping[str, str], body: bytes, *, anew: bool) -> Answer:
        """POST a body. With `anew` over a connection that nobody has used yet. Raises Broken."""
        ...


class HttpWire:
    """Implements Wire. Several threads may send at once: each takes a connection that nobody else uses."""

    def __init__(self, endpoint: Endpoint, patience: Patience, ca_bundle: str | None = None) -> None:
        self.netloc = endpoint.netloc
        self._endpoint = endpoint
        self._patience = patience
        self._ca_bundle = ca_bundle
        self._trusted: ssl.SSLContext | None = None
        self._idle: list[HTTPConnection] = []

    def __del__(self) -> None:
        for connection in self._idle:
            connection.close()

    def send(self, headers: Mapping[str, str], body: bytes, *, anew: bool) -> Answer:
        connection = self._connected() if anew else self._kept() or self._connected()
        answer = None
        try:
            connection.request("POST", "/", body, dict(headers))
            answer = _read(connection)
        except TimeoutError:
            raise Broken("ReadTimeoutError") from None
        except (OSError, HTTPException):
            raise Broken("ConnectionClosedError") from None
        except ValueError:  # http.client refuses a header, and shows its value
            raise Broken("InvalidHeader") from None
        finally:
            if answer is None:
                connection.close()
        if connection.sock is not None:
            self._idle.append(connection)
        return answer

    def _kept(self) -> HTTPConnection | None:
        """Return a connection that is still open. While an environment is frozen, the other side may hang up."""
        while self._idle:
            try:
                connection = self._idle.pop()
            except IndexError:  # another thread took the last one
                return None
            if not _is_readable(connection):
                return connection
            connection.close()
        return None

    def _connected(self) -> HTTPConnection:
        connection = self._connection()
        try:
            connection.connect()
        except TimeoutError:
            connection.close()
            raise Broken("ConnectTimeoutError") from None
        except ssl.SSLError:
            connection.close()
            raise Broken("SSLError") from None
        except OSError:
            connection.close()
            raise Broken("EndpointConnectionError") from None
        connection.sock.settimeout(self._patience.read_timeout)
        return connection

    def _connection(self) -> HTTPConnection:
        at, timeout = self._endpoint, self._patience.connect_timeout
        if not at.is_secure:
            return HTTPConnection(at.host, at.port, timeout=timeout)
        if self._trusted is None:
            self._trusted = ssl.create_default_context(cafile=self._ca_bundle)
        return HTTPSConnection(at.host, at.port, timeout=timeout, context=self._trusted)


def _is_readable(connection: HTTPConnection) -> bool:
    """Return whether there is something to read where nothing was asked: the end, or what belongs to nobody."""
    poll = select.poll()
    poll.register(connection.sock, select.POLLIN)
    return bool(poll.poll(0))


def _read(connection: HTTPConnection) -> Answer:
    """Read an answer whose end is told. http.client would take one that ends with its connection for whole."""
    with connection.getresponse() as response:
        if response.chunked:
            body = response.read(LONGEST + 1)
        elif response.length is not None and response.length <= LONGEST:
            body = response.read()
        else:
            raise HTTPException
        if len(body) > LONGEST:
            raise HTTPException
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, body)
