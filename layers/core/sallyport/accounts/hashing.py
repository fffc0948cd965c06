"""How passwords are hashed and compared (Argon2id, RFC 9106)."""

import re
from base64 import b64encode
from hashlib import sha512

from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import VerificationError, VerifyMismatchError
from argon2.low_level import Type

from sallyport.accounts.password import NormalPassword
from sallyport.errors import Unavailable
from sallyport.values import dataclass

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


@dataclass(frozen=True, slots=True)
class Parameters:
    """What a hash costs: memory and passes, on one lane."""

    memory_kib: int
    time_cost: int

    def are_of(self, stored: str) -> bool:
        """Tell whether a usable hash was made with these."""
        found = extract_parameters(stored)
        return (found.memory_cost, found.time_cost, found.parallelism) == (self.memory_kib, self.time_cost, 1)


CURRENT = Parameters(memory_kib=19_456, time_cost=2)
"""Of new hashes: OWASP's."""

PREVIOUS: Parameters | None = None
"""Of the hashes that an earlier release made, while users may still have some: until everybody has logged in since."""


class Passwords:
    """Argon2id. New hashes have the parameters `current`.

    While there are `previous` ones, some users have hashes of these and some of those. Then every check computes a hash
    of both, or its time would tell which kind an address has, or that it has none.
    """

    def __init__(self, current: Parameters = CURRENT, previous: Parameters | None = PREVIOUS) -> None:
        self._hasher = PasswordHasher(
            time_cost=current.time_cost, memory_cost=current.memory_kib, parallelism=1, type=Type.ID
        )
        self._decoys = {each: _decoy_hash(each) for each in (current, previous) if each is not None}

    def hash(self, password: NormalPassword) -> str:
        """Hash a password for storage."""
        return self._hasher.hash(password)

    def check(self, password: NormalPassword, stored: str | None) -> Verdict:
        """Compare a password with a stored hash.

        Without one (`None`), and with one whose parameters are out of bounds, a decoy is hashed instead and nothing
        matches: whether an account exists costs the same time.

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

    def is_current(self, stored: str) -> bool:
        """Tell whether a stored hash is one that `hash` would make today, whatever it is a hash of."""
        return _is_usable(stored) and not self._hasher.check_needs_rehash(stored)

    def _match(self, typed: bytes, stored: str | None) -> str | None:
        """Return the stored hash if it is what was typed, at the price of one hash of each release in any case."""
        known = stored if stored is not None and _is_usable(stored) else None
        *others, place = self._places(known)
        for other in others:
            self._is_of(self._decoys[other], typed)
        return known if self._is_of(known or self._decoys[place], typed) else None

    def _places(self, known: str | None) -> list[Parameters]:
        """Return every release's parameters, and as the last the ones in whose place a known hash is computed.

        One that has none of these takes a place all the same, and costs what it costs: its user has not logged in since
        the parameters changed twice.
        """
        return sorted(self._decoys, key=lambda each: known is not None and each.are_of(known))

    def _is_of(self, stored: str, typed: bytes) -> bool:
        try:
            return self._hasher.verify(stored, typed)
        except VerifyMismatchError:
            return False
        except VerificationError as error:  # for want of memory, say: nobody knows whether it matches
            raise Unavailable("argon2") from error


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


def _decoy_hash(parameters: Parameters) -> str:
    """Return a hash that no password has, without computing one at every cold start."""
    filler = sha512(b"sallyport decoy").digest()
    salt, digest = (b64encode(part).rstrip(b"=").decode() for part in (filler[:16], filler[16:48]))
    return f"$argon2id$v=19$m={parameters.memory_kib},t={parameters.time_cost},p=1${salt}${digest}"
