"""The embedded cloud without a connection to it: half the work for each call, behind the same lock."""

from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders

from dev.aws.cloud import WsgiApp
from sallyport.aws.signed.wire import Answer
from tests.support.aws_answers import aws_answer
from tests.support.heard import as_botocore_has_it, as_we_have_it


def sender(app: WsgiApp) -> Callable[..., Any]:
    """Make a handler of `before-send`, an event of botocore, that asks a WSGI application (PEP 3333) instead."""

    def send(request: AWSPreparedRequest, **_: object) -> AWSResponse:
        answered: list[tuple[int, HTTPHeaders]] = []

        def start_response(status: str, headers: list[tuple[str, str]], _error: Any = None) -> None:
            kept = HTTPHeaders()
            for name, value in headers:
                kept.add_header(name, value)
            answered.append((int(status[:3]), kept))

        data = b"".join(app(_environ(request), start_response))
        ((status, headers),) = answered
        return aws_answer(request, status, headers, data)

    return send


class InProcess:
    """Implements Wire, the way in which signed reads go out: the same without a connection."""

    def __init__(self, app: WsgiApp, netloc: str) -> None:
        self.netloc = netloc
        self._send = sender(app)

    def send(self, headers: Mapping[str, str], body: bytes, *, anew: bool) -> Answer:
        return as_we_have_it(self._send(as_botocore_has_it(self.netloc, headers, body)))


def _environ(request: AWSPreparedRequest) -> dict[str, Any]:
    body = request.body if isinstance(request.body, bytes) else b""
    headers = {name.upper().replace("-", "_"): _text(value) for name, value in request.headers.items()}
    return {
        **{f"HTTP_{name}": value for name, value in headers.items()},
        "HTTP_HOST": urlsplit(request.url or "").netloc,  # what a connection would add
        "CONTENT_TYPE": headers.get("CONTENT_TYPE", ""),
        "CONTENT_LENGTH": str(len(body)),
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": "/",
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(body),
        "wsgi.errors": None,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
