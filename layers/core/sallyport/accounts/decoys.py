"""Decoys: accounts of nobody, which a login with an unknown address reads in place of the account it looks for.

Reading and decoding items takes time. Without decoys, that time would tell which addresses have an account
(docs/accounts.md).
"""

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Protocol

from sallyport.accounts.user import FIRST_TOKEN_VERSION, User
from sallyport.identifiers import DECOY_PREFIX

COUNT = 64
"""Enough for misses to spread over, and few enough to be looked at in two calls."""

_DOMAIN = "nobody.invalid"  # RFC 2606: no mail goes there, and no canonical address ends in it
_MADE_AT = 1_767_225_600  # as long as any second of these years


def _decoy(number: int) -> User:
    """Return a decoy: id and address are as long as most users' are."""
    return User(
        user_id=f"{DECOY_PREFIX}{number:016}",
        email=f"decoy-{number:02}@{_DOMAIN}",
        token_version=FIRST_TOKEN_VERSION,
        status="disabled",
        roles=(),
        created_at=_MADE_AT,
        email_verified_at=_MADE_AT,
    )


DECOYS = tuple(map(_decoy, range(COUNT)))


def decoys_for(email: str) -> tuple[User, User]:
    """Return the two decoys of a canonical address, always the same."""
    number = sha256(email.encode()).digest()[0] % COUNT
    return DECOYS[number], DECOYS[(number + 1) % COUNT]


def is_decoy(user_id: str) -> bool:
    """Tell whether an id is reserved for decoys."""
    return user_id.startswith(DECOY_PREFIX)


class DecoyStore(Protocol):
    """Stores the decoys. Every method raises Unavailable if infrastructure fails."""

    def wanting(self, is_current: Callable[[str], bool]) -> list[User]:
        """Return the decoys that are missing or not as they should be, their hash by `is_current` included."""
        ...

    def put(self, decoys: Sequence[User], password_hash: str) -> None:
        """Store decoys, whatever there is of them."""
        ...
