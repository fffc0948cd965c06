"""How passwords are hashed and compared (Argon2id, RFC 9106)."""

import re
from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha512

from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import VerificationError, VerifyMismatchError
from argon2.low_level import Type

from sallyport.accounts.password import NormalPassword
from sallyport.errors import Unavailable

_STORED = re.compile(
    r"\$argon2id\$v=19\$m=[0-9]{1,7},t=[0-9]{1,3},p=[0-9]{1,3}\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}", re.ASCII
)
_MIN_MEMORY_KIB = 8
_MAX_MEMORY_KIB = 65_536
_MAX_TIME_COST = 10
_MAX_PARALLELISM = 4


@dataclass(frozen=True, slots=True)
class Verdict:
    """What checking a password found. `outdated`: it matches a hash that is weaker than today's parameters."""

    matches: bool
    outdated: bool = False


class Passwords:
    """Argon2id with OWASP's parameters: 19 MiB, two passes, one lane."""

    def __init__(self, *, memory_kib: int = 19_456, time_cost: int = 2) -> None:
        self._hasher = PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=1, type=Type.ID)
        self._decoy = _decoy_hash(memory_kib, time_cost)

    def hash(self, password: NormalPassword) -> str:
        """Hash a password for storage."""
        return self._hasher.hash(password)

    def check(self, password: NormalPassword, stored: str | None) -> Verdict:
        """Compare a password with a stored hash.

        Without one (`None`), and with one whose parameters are out of bounds, a decoy of today's parameters is hashed
        instead and nothing matches: whether an account exists costs the same time.

        Raises Unavailable if no hash could be computed.
        """
        known = self._match(password, stored)
        if known is None:
            return Verdict(matches=False)
        return Verdict(matches=True, outdated=self._hasher.check_needs_rehash(known))

    def hash_code(self, code: str) -> str:
        """Hash a one-time code for storage. Whoever reads the table could search eight digits under a faster hash."""
        return self._hasher.hash(code.encode("ascii"))

    def check_code(self, code: str, stored: str | None) -> bool:
        """Compare what was typed as a code with a stored hash, as `check` does, decoy included.

        A code is digits, so no Unicode rule applies to it: digits of other scripts match nothing.

        Raises Unavailable if no hash could be computed.
        """
        return self._match(code.encode("utf-8", "replace"), stored) is not None

    def _match(self, typed: bytes, stored: str | None) -> str | None:
        """Return the stored hash if it is what was typed, at the price of one hash in any case."""
        known = stored if stored is not None and _is_usable(stored) else None
        try:
            self._hasher.verify(known or self._decoy, typed)
        except VerifyMismatchError:
            return None
        except VerificationError as error:  # for want of memory, say: nobody knows whether it matches
            raise Unavailable("argon2") from error
        return known


def _is_usable(stored: str) -> bool:
    """Tell whether a stored hash is one that we could have written, before any time or memory is spent on it."""
    if _STORED.fullmatch(stored) is None:
        return False
    parameters = extract_parameters(stored)
    return (
        _MIN_MEMORY_KIB <= parameters.memory_cost <= _MAX_MEMORY_KIB
        and 1 <= parameters.time_cost <= _MAX_TIME_COST
        and 1 <= parameters.parallelism <= _MAX_PARALLELISM
    )


def _decoy_hash(memory_kib: int, time_cost: int) -> str:
    """Return a hash that no password has, without computing one at every cold start."""
    filler = sha512(b"sallyport decoy").digest()
    salt, digest = (b64encode(part).rstrip(b"=").decode() for part in (filler[:16], filler[16:48]))
    return f"$argon2id$v=19$m={memory_kib},t={time_cost},p=1${salt}${digest}"
