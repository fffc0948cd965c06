"""The range API of Pwned Passwords: what leaves this process, what is believed, and what is an outage."""

import datetime as dt
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha1
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sallyport import pwned_passwords as module
from sallyport.accounts.new_password import NewPasswords
from sallyport.accounts.password import normal
from sallyport.errors import Unavailable
from sallyport.pwned_passwords import MAX_RESPONSE_BYTES, PwnedPasswords

STOLEN = normal("correct horse battery staple")
DIGITS = sha1(STOLEN).hexdigest().upper()
PREFIX, SUFFIX = DIGITS[:5], DIGITS[5:]
OTHERS = [f"{number:035X}:{number}" for number in range(800)]


class Service:
    """What listens on a port: it keeps the bytes of each request and sends one reply, byte by byte as given."""

    def __init__(self, listener: socket.socket, reply: bytes | None) -> None:
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self.received: list[bytes] = []
        self._listener = listener
        self._reply = reply

    def serve(self) -> None:
        with self._listener:
            while True:
                caller, _ = self._listener.accept()
                with caller:
                    request = b""
                    while b"\r\n\r\n" not in request and (part := caller.recv(65_536)):
                        request += part
                    if not request:  # the end of the test
                        return
                    self.received.append(request)
                    if self._reply is None:
                        caller.recv(1)  # until the client gives up
                    else:
                        caller.sendall(self._reply)


@contextmanager
def serving(reply: bytes | None) -> Iterator[Service]:
    listener = socket.create_server(("127.0.0.1", 0))
    service = Service(listener, reply)
    thread = threading.Thread(target=service.serve)
    thread.start()
    try:
        yield service
    finally:
        socket.create_connection(listener.getsockname()).close()
        thread.join()


def answer(*lines: str, status: str = "200 OK", length: int | None = None, headers: str = "") -> bytes:
    body = "\r\n".join(lines).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body) if length is None else length}\r\n{headers}\r\n"
    return head.encode() + body


def test_five_digits_of_the_hash_leave_and_nothing_else() -> None:
    with serving(answer(*OTHERS)) as service:
        PwnedPasswords(service.url).hold(STOLEN)

    (request,) = service.received
    first, *headers = request.decode("ascii").removesuffix("\r\n\r\n").split("\r\n")
    assert first == f"GET /range/{PREFIX} HTTP/1.1"
    assert sorted(headers) == [
        "Accept-Encoding: identity",
        "Add-Padding: true",
        f"Host: {service.url.removeprefix('http://')}",
        "User-Agent: sallyport",
    ]
    for length in range(6, 41):  # no longer piece of the hash, and of the password not a word
        assert DIGITS[:length] not in request.decode().upper()
    assert SUFFIX[:6].encode() not in request.upper()
    assert b"horse" not in request


@pytest.mark.parametrize(
    ("lines", "is_stolen"),
    [
        ([*OTHERS, f"{SUFFIX}:3"], True),
        ([f"{SUFFIX}:1", *OTHERS], True),
        ([f"{SUFFIX}:17", ""], True),
        ([*OTHERS, f"{SUFFIX}:0"], False),  # padding
        (OTHERS, False),
        ([f"{SUFFIX[:-1]}{'0' if SUFFIX[-1] != '0' else '1'}:9"], False),
    ],
)
def test_a_password_is_stolen_if_the_rest_of_its_hash_is_listed_and_counted(lines: list[str], is_stolen: bool) -> None:
    with serving(answer(*lines)) as service:
        assert PwnedPasswords(service.url).hold(STOLEN) is is_stolen


def test_an_answer_in_chunks_is_read_to_its_end() -> None:
    lines = "\r\n".join([*OTHERS, f"{SUFFIX}:3"]).encode()
    pieces = [lines[start : start + 1000] for start in range(0, len(lines), 1000)]
    body = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"

    with serving(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body) as service:
        assert PwnedPasswords(service.url).hold(STOLEN)


def test_what_is_hashed_is_the_password_in_nfc() -> None:
    with serving(answer(*OTHERS)) as service:
        for typed in ("a pässword", "a pa\u0308ssword"):
            PwnedPasswords(service.url).hold(normal(typed))

    prefix = sha1("a p\u00e4ssword".encode()).hexdigest()[:5].upper()
    assert [request.split()[1] for request in service.received] == [f"/range/{prefix}".encode()] * 2


OUTAGES = {
    "an error": answer("", status="503 Service Unavailable"),
    "too many requests": answer("", status="429 Too Many Requests"),
    "no such page": answer(*OTHERS, status="404 Not Found"),
    "a redirect": answer(*OTHERS, status="302 Found", headers="Location: /elsewhere\r\n"),
    "nothing at all": b"",
    "an empty list": answer(""),
    "a login page": answer("<html><body>Welcome to this hotel. Please log in.</body></html>"),
    "a list and an apology": answer(*OTHERS, "sorry, that is all"),
    "hashes without counts": answer(*(line.split(":")[0] for line in OTHERS)),
    "lower case": answer(*(line.lower() for line in OTHERS)),
    "not ASCII": answer(*OTHERS, "ü"),
    "cut between two lines": answer(*OTHERS, "", length=100_000),
    "cut between two chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n25\r\n" + b"0" * 35 + b":1\r\n",
    "no HTTP": b"220 mail.example.com ESMTP\r\n",
    "too long": answer(*(OTHERS * (MAX_RESPONSE_BYTES // 30_000 + 1))),
}


@pytest.mark.parametrize("reply", OUTAGES.values(), ids=OUTAGES)
def test_any_other_answer_is_an_outage_after_one_attempt(reply: bytes) -> None:
    with serving(reply) as service, pytest.raises(Unavailable) as failed:
        PwnedPasswords(service.url).hold(STOLEN)

    assert len(service.received) == 1
    assert PREFIX not in failed.value.reason
    assert failed.value.reason.startswith("pwned_passwords ")


def test_nobody_who_listens_is_an_outage() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"

    with pytest.raises(Unavailable):
        PwnedPasswords(url).hold(STOLEN)


def test_a_service_that_does_not_answer_in_time_is_an_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "READ_SECONDS", 0.05)

    with serving(None) as service, pytest.raises(Unavailable, match="ReadTimeoutError"):
        PwnedPasswords(service.url).hold(STOLEN)


def test_a_service_that_answers_drop_by_drop_is_an_outage() -> None:
    times = iter([0.0, 2.6])

    with serving(answer(*OTHERS)) as service, pytest.raises(Unavailable):
        PwnedPasswords(service.url, monotonic=lambda: next(times)).hold(STOLEN)


def test_the_limits_are_short() -> None:
    assert (module.CONNECT_SECONDS, module.READ_SECONDS) == (1.0, 1.5)


def test_the_public_service_is_asked_by_https() -> None:
    assert PwnedPasswords()._url == "https://api.pwnedpasswords.com"


@pytest.fixture(scope="module")
def nobodys_certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that nobody but its owner signed, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    path.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


def test_a_service_whose_certificate_nobody_vouches_for_is_told_nothing(nobodys_certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(nobodys_certificate)
    heard: list[bytes] = []

    def serve(listener: socket.socket) -> None:
        caller, _ = listener.accept()
        with caller:
            try:
                with context.wrap_socket(caller, server_side=True) as secure:
                    heard.append(secure.recv(65_536))
            except OSError:
                pass

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=[listener])
        thread.start()
        with pytest.raises(Unavailable, match="SSLError"):
            PwnedPasswords(f"https://localhost:{listener.getsockname()[1]}").hold(STOLEN)
        thread.join()

    assert b"".join(heard) == b""


def test_the_rules_take_a_password_during_an_outage_and_refuse_a_stolen_one_after_it() -> None:
    with serving(answer("", status="500 Internal Server Error")) as service:
        rules = NewPasswords(min_length=15, service_name="", blocklist=set(), breaches=PwnedPasswords(service.url))
        assert rules.require_fit_for(STOLEN, "ann@example.com") == ("breach_check_failed",)

    with serving(answer(f"{SUFFIX}:1")) as service:
        rules = NewPasswords(min_length=15, service_name="", blocklist=set(), breaches=PwnedPasswords(service.url))
        with pytest.raises(ValueError, match="data breach"):
            rules.require_fit_for(STOLEN, "ann@example.com")
