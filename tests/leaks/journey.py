"""What a user sends to every route, with marked secrets, and what can be wrong with each request."""

import copy
import json
from base64 import b64encode, urlsafe_b64decode
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from itertools import count
from typing import Any, TypeAlias

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_der_private_key

from dev.aws.cloud import LOCAL
from dev.aws.deployment import LOCAL_ORIGIN, Deployment
from sallyport.accounts.password import normal
from sallyport.accounts.user import User
from sallyport.aws.dynamodb.signing_keys import SigningKeys
from sallyport.aws.dynamodb.table import Table
from sallyport.aws.kms import KmsCipher
from sallyport.http.cookies import DEVICE_TOKEN, REFRESH_TOKEN
from sallyport.http.request import MAX_BODY_BYTES
from sallyport.identifiers import new_id
from sallyport.keys.life_cycle import Use
from tests.leaks.canaries import Canaries, Kind, Place
from tests.leaks.places import Places
from tests.support.builders import WEAK_PASSWORDS
from tests.support.deployed import Stack, sample
from tests.support.raw import every_item
from tests.support.tokens import unverified_claims

Event: TypeAlias = dict[str, Any]
Route: TypeAlias = tuple[str, str]

_ISSUED: Mapping[str, Kind] = {
    "access_token": "access token",
    "refresh_token": "refresh token",
    "device_token": "device token",
    REFRESH_TOKEN: "refresh token",
    DEVICE_TOKEN: "device token",
}
"""The members of a body, and the cookies, that may hold a token."""

_OURS = {"x-sallyport-csrf": "1", "origin": LOCAL_ORIGIN}
_USES: tuple[Use, ...] = ("access", "refresh")
_number = count(1)


def signing_keys(deployment: Deployment) -> Iterator[str | bytes]:
    """Open every private key of a deployment, and return each as it may be written, with its private numbers."""
    table = Table(LOCAL.dynamodb(), deployment.table_name)
    cipher = KmsCipher(LOCAL.kms(), deployment.functions["Login"].spec.environment["KMS_KEY_ID"])
    for use in _USES:
        for record in SigningKeys(table).private_ring(use).keys.values():
            secret = cipher.decrypt(record.ciphertext, use=use, kid=record.kid)
            yield secret
            if record.alg != "HS256":
                yield from _numbers(secret)


def _numbers(secret: bytes) -> Iterator[str | bytes]:
    key = load_der_private_key(secret, None)
    assert isinstance(key, rsa.RSAPrivateKey)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    yield from pem.splitlines()[2:-1]  # the first line begins as every key does
    numbers = key.private_numbers()
    for number in (numbers.d, numbers.p, numbers.q):
        yield number.to_bytes((number.bit_length() + 7) // 8)
        yield str(number)


@dataclass
class Journey:
    """Requests of users of its own, each with secrets that stand nowhere else. `sent` are those that were good."""

    stack: Stack
    places: Places
    canaries: Canaries
    sent: dict[Route, list[Event]] = field(default_factory=dict)
    statuses: dict[Route, set[int]] = field(default_factory=dict)
    around: Callable[[str], AbstractContextManager[object]] = field(default=lambda _: nullcontext())
    """What a request to a function runs in."""

    def mark(self, kind: Kind) -> str:
        """Return a new text that stands nowhere else, and plant it."""
        marked = f"{kind.replace(' ', '-')}-{new_id()} Ü"
        self.canaries.plant(kind, marked)
        return marked

    def user(self) -> tuple[User, str]:
        """Store a user, and return them with their password."""
        password = self.mark("password")
        user = self.stack.new_user(WEAK_PASSWORDS.hash(normal(password)))
        self.canaries.plant("email", user.email)
        return user, password

    def log_in(self, *, mode: str = "body") -> tuple[User, str, dict[str, str]]:
        """Log a new user in, and return them with their password and their tokens."""
        user, password = self.user()
        body = {"email": user.email, "password": password, "mode": mode}
        return user, password, self.ask("POST", "/auth/login", body)

    def ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        tokens: Mapping[str, str] | None = None,
        cookies: Mapping[str, str] | None = None,
        sid: str | None = None,
    ) -> dict[str, str]:
        """Send a request that is to succeed, and return the tokens that are issued. `tokens`: in whose name."""
        event = sample("logout_ended", body=body or {})
        event["routeKey"] = f"{method} {path}"
        event["rawPath"] = event["requestContext"]["http"]["path"] = path
        event["requestContext"]["http"] |= {"method": method, "sourceIp": self._address()}
        event["requestContext"]["http"]["userAgent"] = event["headers"]["user-agent"] = self.mark("user agent")
        event["headers"] |= _OURS
        if sid is not None:
            event["pathParameters"] = {"sid": sid}
        if cookies is not None:
            event["cookies"] = [f"{name}={value}" for name, value in cookies.items()]
        if tokens is not None:
            event["headers"]["authorization"] = f"Bearer {tokens['access_token']}"
            event["requestContext"]["authorizer"] = {"lambda": unverified_claims(tokens["access_token"])}
        status, issued = self.send((method, path), event)
        assert status < 300, (method, path, status)
        self.sent.setdefault((method, path), []).append(event)
        return issued

    def send(self, route: Route, event: Event, about: str = "") -> tuple[int, dict[str, str]]:
        """Send any event to a route, and note the answer. Return its status and the tokens that are issued."""
        function = self.stack.deployment.routes[route].function
        with self.around(function):
            payload = self.places.invoke(self.stack.deployment.functions[function], event)
        if payload is None:
            return 0, {}
        self.statuses.setdefault(route, set()).add(payload["statusCode"])
        issued = _taken_out(payload)
        for name, token in issued.items():
            if token:
                self.canaries.plant(_ISSUED[name], token)
                claims = urlsafe_b64decode(token.split(".")[1] + "==").decode()
                self.places.note("claims", f"{route} {about}: {claims}")
        self.places.note("answers", f"{route} {about}: {json.dumps(payload)}")
        return payload["statusCode"], issued

    def proof(self, email: str) -> str:
        """Return the token of the last link that was mailed to an address."""
        mail = self.stack.mails_to(email)[-1]
        return str(mail["text"].partition("?token=")[2].split()[0])

    def misplaced(self) -> list[tuple[Place, Kind, str]]:
        """Look through all places, the whole table among them. Return what stands where it may not."""
        self.places.note("table", repr(every_item(self.stack.deployment.table_name)))
        return self.places.misplaced(self.canaries)

    def _address(self) -> str:
        number = next(_number)
        address = f"198.18.{number // 256}.{number % 256}"
        if len(address) > 10:
            self.canaries.plant("address", address)
        return address


def _taken_out(payload: dict[str, Any]) -> dict[str, str]:
    """Take tokens out of an answer: from where they belong, so that any other place of it is looked at."""
    issued: dict[str, str] = {}
    body = json.loads(payload.get("body") or "{}") if not payload.get("isBase64Encoded") else {}
    for name in [name for name in body if name in _ISSUED]:
        issued[name] = body.pop(name)
    if issued:
        payload["body"] = json.dumps(body)
    for cookie in payload.pop("cookies", ()):
        name, _, rest = cookie.partition("=")
        value, _, _ = rest.partition(";")
        issued[name] = value
    return issued


# The good requests of every route


def _registering(j: Journey) -> None:
    email = f"{new_id().lower().strip('-_')}@example.com"
    j.canaries.plant("email", email)
    j.ask("POST", "/auth/register", {"email": email})


def _verifying(j: Journey) -> None:
    for mode in ("body", "cookie"):
        email = f"{new_id().lower().strip('-_')}@example.com"
        j.canaries.plant("email", email)
        j.ask("POST", "/auth/register", {"email": email})
        body = {"token": j.proof(email), "password": j.mark("password"), "mode": mode}
        j.ask("POST", "/auth/verify-email", body)


def _logging_in(j: Journey) -> None:
    user, password, tokens = j.log_in(mode="cookie")
    body = {"email": user.email, "password": password, "mode": "cookie"}
    j.ask("POST", "/auth/login", body, cookies=tokens_in_cookies(tokens))
    known = {"device_token": tokens[DEVICE_TOKEN]} if tokens.get(DEVICE_TOKEN) else {}
    j.ask("POST", "/auth/login", {"email": user.email, "password": password, **known})


def _refreshing(j: Journey) -> None:
    _, _, tokens = j.log_in(mode="cookie")
    j.stack.clock.advance(120)
    j.ask("POST", "/auth/refresh", cookies={REFRESH_TOKEN: tokens[REFRESH_TOKEN]})
    _, _, tokens = j.log_in()
    j.stack.clock.advance(120)
    j.ask("POST", "/auth/refresh", {"refresh_token": tokens["refresh_token"]})


def _replaying(j: Journey) -> None:
    """A session of which somebody presents an old token goes into the audit trail."""
    _, _, tokens = j.log_in()
    held = tokens
    for _ in range(3):
        j.stack.clock.advance(120)
        held = j.ask("POST", "/auth/refresh", {"refresh_token": held["refresh_token"]})
    j.stack.clock.advance(120)
    event = copy.deepcopy(j.sent["POST", "/auth/refresh"][-1])
    event["body"] = json.dumps({"refresh_token": tokens["refresh_token"]})
    status, _ = j.send(("POST", "/auth/refresh"), event)
    assert status == 401


def _looking(path: str, method: str = "GET") -> Callable[[Journey], None]:
    def look(j: Journey) -> None:
        _, _, tokens = j.log_in()
        j.ask(method, path, tokens=tokens)

    return look


def _ending_a_session(j: Journey) -> None:
    user, password, tokens = j.log_in()
    other = j.ask("POST", "/auth/login", {"email": user.email, "password": password})
    sid = unverified_claims(other["access_token"])["sid"]
    j.canaries.plant("session", sid)
    j.ask("DELETE", "/auth/sessions/{sid}", tokens=tokens, sid=sid)


def _forgetting(j: Journey) -> None:
    user, _ = j.user()
    j.ask("POST", "/auth/password/forgot", {"email": user.email})


def _resetting(j: Journey) -> None:
    user, _ = j.user()
    j.ask("POST", "/auth/password/forgot", {"email": user.email})
    j.ask("POST", "/auth/password/reset", {"token": j.proof(user.email), "password": j.mark("password")})


def _changing(j: Journey) -> None:
    _, password, tokens = j.log_in()
    body = {"current_password": password, "new_password": j.mark("password")}
    j.ask("POST", "/auth/password/change", body, tokens=tokens)


def _asking_to_move(j: Journey) -> None:
    user, password, tokens = j.log_in()
    body = {"email": f"new-{user.email}", "password": password}
    j.canaries.plant("email", body["email"])
    j.ask("POST", "/auth/email/change", body, tokens=tokens)


def _moving(j: Journey) -> None:
    user, password, tokens = j.log_in()
    body = {"email": f"new-{user.email}", "password": password}
    j.canaries.plant("email", body["email"])
    j.ask("POST", "/auth/email/change", body, tokens=tokens)
    j.ask("POST", "/auth/email/confirm", {"token": j.proof(body["email"])}, tokens=tokens)


def _leaving(method: str, path: str) -> Callable[[Journey], None]:
    def leave(j: Journey) -> None:
        _, password, tokens = j.log_in()
        j.ask(method, path, {"password": password}, tokens=tokens)

    return leave


def _logging_out(j: Journey) -> None:
    _, _, tokens = j.log_in(mode="cookie")
    j.ask("POST", "/auth/logout", cookies={REFRESH_TOKEN: tokens[REFRESH_TOKEN]})
    _, _, tokens = j.log_in()
    j.ask("POST", "/auth/logout", {"refresh_token": tokens["refresh_token"]})


def _reading(path: str) -> Callable[[Journey], None]:
    def read(j: Journey) -> None:
        j.ask("GET", path)

    return read


GOOD: Mapping[Route, Callable[[Journey], None]] = {
    ("POST", "/auth/register"): _registering,
    ("POST", "/auth/verify-email"): _verifying,
    ("POST", "/auth/login"): _logging_in,
    ("POST", "/auth/refresh"): _refreshing,
    ("GET", "/auth/me"): _looking("/auth/me"),
    ("GET", "/auth/sessions"): _looking("/auth/sessions"),
    ("DELETE", "/auth/sessions/{sid}"): _ending_a_session,
    ("POST", "/auth/password/forgot"): _forgetting,
    ("POST", "/auth/password/reset"): _resetting,
    ("POST", "/auth/password/change"): _changing,
    ("POST", "/auth/email/change"): _asking_to_move,
    ("POST", "/auth/email/confirm"): _moving,
    ("DELETE", "/auth/me"): _leaving("DELETE", "/auth/me"),
    ("POST", "/auth/me/delete"): _leaving("POST", "/auth/me/delete"),
    ("POST", "/auth/logout"): _logging_out,
    ("ANY", "/auth/verify"): _looking("/auth/verify", "ANY"),
    ("ANY", "/auth/verify/{proxy+}"): _looking("/auth/verify/{proxy+}", "ANY"),
    ("GET", "/.well-known/jwks.json"): _reading("/.well-known/jwks.json"),
    ("GET", "/.well-known/openid-configuration"): _reading("/.well-known/openid-configuration"),
}
"""By route, what succeeds there. The last request of the route is the one that is then spoilt."""

BESIDE = (_replaying,)


def tokens_in_cookies(tokens: Mapping[str, str]) -> dict[str, str]:
    return {name: tokens[name] for name in (REFRESH_TOKEN, DEVICE_TOKEN) if tokens.get(name)}


# What can be wrong with a request


def spoilt(j: Journey, good: Event) -> Iterator[tuple[str, Event]]:
    """Spoil a request that was good, in every way that no function expects. The secrets in it stay."""
    body: dict[str, Any] = json.loads(good["body"])
    text = good["body"]

    def having(new: Any, **headers: str) -> Event:
        event = copy.deepcopy(good)
        event["body"] = new if isinstance(new, str) else json.dumps(new)
        event["headers"] |= headers
        return event

    yield "the same again", having(body)
    yield "cut short", having(text[:-1])
    yield "no JSON", having(f"{{{j.mark('unknown')}")
    yield "not an object", having([body, j.mark("unknown")])
    yield "an unknown field", having({**body, "unknown": j.mark("unknown")})
    yield "an unknown name", having({**body, j.mark("name"): 1})
    yield "a name that stands twice", having(text[:-1] + "," + text[1:] if body else '{"a": 1, "a": 2}')
    yield "another media type", having(text, **{"content-type": f"text/plain; x={j.mark('header')}"})
    yield (
        "a form",
        having("&".join(f"{n}={v}" for n, v in body.items()), **{"content-type": "application/x-www-form-urlencoded"}),
    )
    yield "compressed", having(text, **{"content-encoding": "gzip"})
    yield "too long", having(text + " " * MAX_BODY_BYTES)
    yield "too deep", having("[" * 5000 + text + "]" * 5000)
    yield "not Unicode", {**having(""), "body": b64encode(b"\xff" + text.encode()).decode(), "isBase64Encoded": True}
    yield "no base64", {**having(text), "isBase64Encoded": True}
    yield "a credential in the query", {**having(body), "rawQueryString": f"access_token={j.mark('query')}"}
    yield "another header", having(body, authorization=f"Bearer {j.mark('header')}")
    yield "no token at all", having(body, authorization=j.mark("header"))
    yield "another proof of origin", having(body, **{"x-sallyport-csrf": j.mark("header")})
    yield "another origin", having(body, origin=j.mark("header"))
    yield "a cookie", {**having(body), "cookies": [f"{REFRESH_TOKEN}={j.mark('cookie')}", f"a={j.mark('cookie')}"]}
    for name, value in body.items():
        if isinstance(value, str):
            yield f"{name} in a list", having({**body, name: [value]})
            yield f"{name} as a name", having({**body, name: {value: value}})
            yield f"{name} with a lone surrogate", having({**body, name: value + "\ud800"})
            yield f"{name} cut", having({**body, name: value[:-1]})
            yield f"{name} much too long", having({**body, name: value * 40})
    if "authorizer" in good["requestContext"]:
        yield "an unknown caller", _called_by(having(body), dict.fromkeys(("sub", "sid", "jti"), j.mark("session")))
        yield "a caller of another type", _called_by(having(body), {"sub": [j.mark("session")]})
        yield "no caller", _called_by(having(body), dict.fromkeys(("sub", "sid", "jti", "ver")))
    if "pathParameters" in good:
        yield "another parameter", {**having(body), "pathParameters": {"sid": j.mark("session") + "\ud800"}}


def _called_by(event: Event, claims: Mapping[str, Any]) -> Event:
    event["requestContext"]["authorizer"]["lambda"] |= claims
    return event
