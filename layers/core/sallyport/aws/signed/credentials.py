"""The credentials of a function: in the environment, or with SnapStart at an address that the environment names."""

import json
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from http.client import HTTPConnection, HTTPException
from typing import NamedTuple, TypeAlias
from urllib.parse import urlsplit

from sallyport.errors import CallFailed

RENEWED_BEFORE = 10 * 60
"""So many seconds before their end credentials are renewed, as botocore does at the latest."""

_NEXT_TRY_AFTER = 10
_PATIENCE = 2.0
_ATTEMPTS = 2
_LONGEST = 65_536
_HOSTS = {"169.254.170.2", "169.254.170.23", "127.0.0.1", "localhost"}
"""Where such an address may lead, because what it answers is not encrypted. botocore allows the same."""

_ELSEWHERE = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "AWS_ROLE_ARN")


class Credentials(NamedTuple):
    """What requests are signed with. `ends_at` is in seconds, None if nobody says when."""

    access_key: str
    secret_key: str
    token: str | None
    ends_at: float | None = None

    def __repr__(self) -> str:
        return f"Credentials(ends_at={self.ends_at})"


Source: TypeAlias = Callable[[], Credentials]
"""Returns credentials that are good now. Raises CallFailed if there are none."""


def find(environ: Mapping[str, str]) -> Source | None:
    """Return where a function's credentials come from, None if only botocore knows (a profile, or another service)."""
    if any(environ.get(name) for name in _ELSEWHERE):
        return None
    if environ.get("AWS_ACCESS_KEY_ID") and environ.get("AWS_SECRET_ACCESS_KEY"):
        fixed = Credentials(
            environ["AWS_ACCESS_KEY_ID"],
            environ["AWS_SECRET_ACCESS_KEY"],
            environ.get("AWS_SESSION_TOKEN") or environ.get("AWS_SECURITY_TOKEN") or None,
        )
        return lambda: fixed
    if url := environ.get("AWS_CONTAINER_CREDENTIALS_FULL_URI"):
        return FromContainer(url, environ.get("AWS_CONTAINER_AUTHORIZATION_TOKEN", ""))
    return None


class FromContainer:
    """Credentials that the environment's own endpoint gives, renewed before they end. `token` lets us ask it."""

    def __init__(self, url: str, token: str, *, now: Callable[[], float] = time.time) -> None:
        parts = urlsplit(url)
        if parts.scheme != "http" or parts.hostname not in _HOSTS:
            raise _failed("CredentialRetrievalError")
        self._host, self._port = parts.hostname, parts.port
        self._path = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
        self._token = token
        self._now = now
        self._known: Credentials | None = None
        self._not_before = 0.0

    def __call__(self) -> Credentials:
        now = self._now()
        known = self._known
        ends_at = known.ends_at if known else None
        if known and (ends_at is None or now < ends_at - RENEWED_BEFORE or (now < ends_at and now < self._not_before)):
            return known
        try:
            self._known = self._fetched()
        except CallFailed:
            if known is None or ends_at is None or now >= ends_at:
                raise
            self._not_before = now + _NEXT_TRY_AFTER  # what there is stays good until then, and for some minutes more
            return known
        return self._known

    def _fetched(self) -> Credentials:
        for _ in range(_ATTEMPTS):
            try:
                status, body = self._asked()
            except (OSError, HTTPException, ValueError):  # ValueError: the token is no header. It says which
                continue
            if status == 200:
                return _read(body)
        raise _failed("CredentialRetrievalError") from None

    def _asked(self) -> tuple[int, bytes]:
        connection = HTTPConnection(self._host, self._port, timeout=_PATIENCE)
        try:
            headers = {"accept": "application/json"} | ({"authorization": self._token} if self._token else {})
            connection.request("GET", self._path, headers=headers)
            response = connection.getresponse()
            return response.status, response.read(_LONGEST)
        finally:
            connection.close()


def _read(body: bytes) -> Credentials:
    try:
        told = json.loads(body)
        ends_at = datetime.fromisoformat(told["Expiration"]).timestamp() if told.get("Expiration") else None
        read = Credentials(told["AccessKeyId"], told["SecretAccessKey"], told.get("Token"), ends_at)
    except (LookupError, TypeError, ValueError, AttributeError):
        raise _failed("CredentialRetrievalError") from None  # what was read may be half of a secret
    if not (_is_text(read.access_key) and _is_text(read.secret_key) and (read.token is None or _is_text(read.token))):
        raise _failed("CredentialRetrievalError")
    return read


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value != ""


def _failed(word: str) -> CallFailed:
    return CallFailed("", word)
