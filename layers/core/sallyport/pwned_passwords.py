"""Pwned Passwords, a public service that knows hundreds of millions of stolen passwords (haveibeenpwned.com).

It is asked by k-anonymity: of a password's SHA-1 only the first five hex digits leave this process, and the service
answers with the rest of every hash that begins with them. It answers with 800 made-up ones at least, counted 0, so that
the length of an answer tells an eavesdropper nothing (`Add-Padding`).
"""

import re
import time
from collections.abc import Callable
from hashlib import sha1

import urllib3

from sallyport.accounts.password import NormalPassword
from sallyport.errors import Unavailable

CONNECT_SECONDS = 1.0
READ_SECONDS = 1.5
MAX_RESPONSE_BYTES = 1_000_000  # twenty times what is usual

_PREFIX_DIGITS = 5
_HEADERS = {"Add-Padding": "true", "User-Agent": "sallyport"}  # a request without a User-Agent is refused
_ENTRY = re.compile(r"([0-9A-F]{35}):([0-9]+)", re.ASCII)
_CHUNK_BYTES = 65_536


class PwnedPasswords:
    """Asks the range API. What is hashed is the password as we hash it, in NFC, and not as it may have been typed.

    One attempt, of some seconds: what it may take in all is looked at after each reading. TLS certificates are checked,
    redirects are not followed.
    """

    def __init__(
        self, url: str = "https://api.pwnedpasswords.com", *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._url = url
        self._monotonic = monotonic
        timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
        self._http = urllib3.PoolManager(headers=_HEADERS, timeout=timeout)

    def hold(self, password: NormalPassword) -> bool:
        """Tell whether a password is among the stolen ones. Raises Unavailable."""
        digits = sha1(password, usedforsecurity=False).hexdigest().upper()
        prefix, suffix = digits[:_PREFIX_DIGITS], digits[_PREFIX_DIGITS:]
        try:
            entries = self._entries(prefix)
        except (urllib3.exceptions.HTTPError, ValueError) as error:
            raise Unavailable(f"pwned_passwords {type(error).__name__}") from error
        return any(listed == suffix and int(count) > 0 for listed, count in entries)

    def _entries(self, prefix: str) -> list[tuple[str, str]]:
        """Return the suffixes that follow a prefix, and their counts. Raises ValueError for an answer of another form.

        A gateway's login page, or an empty answer, is no proof that a password is unknown.
        """
        lines = self._answer(f"{self._url}/range/{prefix}").decode("ascii").split()
        entries = [found.groups() for line in lines if (found := _ENTRY.fullmatch(line))]
        if not lines or len(entries) != len(lines):
            raise ValueError("not a list of hashes")
        return [(suffix, count) for suffix, count in entries]

    def _answer(self, url: str) -> bytes:
        """Return the body of an answer. Raises HTTPError, ValueError."""
        ends_at = self._monotonic() + CONNECT_SECONDS + READ_SECONDS
        response = self._http.request("GET", url, preload_content=False, retries=False, redirect=False)
        try:
            if response.status != 200:
                raise ValueError("status")
            body = b""
            while chunk := response.read1(_CHUNK_BYTES):
                body += chunk
                # urllib3's own limit is one for each read: it would wait for a byte a second until the function ends.
                if len(body) > MAX_RESPONSE_BYTES or self._monotonic() > ends_at:
                    raise ValueError("too much, or too slow")
            return body
        finally:
            response.close()
