"""The one-time token: what a mail request's link and code prove, and what they open (docs/accounts.md)."""

import re
import secrets
from hashlib import sha256
from hmac import compare_digest
from typing import Literal, Protocol, TypeAlias

from sallyport.accounts.user import User
from sallyport.audit import AuditEntry
from sallyport.errors import ProofRejected
from sallyport.identifiers import is_id
from sallyport.values import dataclass, field

Purpose = Literal["verify_email", "reset_password", "confirm_email"]

LIFETIME_SECONDS = 30 * 60
"""For how long after its request a link or a code can be used."""

MAX_TRIES = 5
"""How many codes may be tried for one mail request."""

_CODE_DIGITS = 8
_SECRET = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_CODE = re.compile(rf"[0-9]{{{_CODE_DIGITS}}}", re.ASCII)
_BETWEEN_DIGITS = re.compile(r"[\s-]")


@dataclass(frozen=True, slots=True)
class Registration:
    """Opens an account for `email`."""

    email: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Reset:
    """Gives a user a new password, while they have this address and this token version."""

    user_id: str
    ver: int
    email: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class EmailChange:
    """Moves a user from the address `email` to `new_email`, while they have that address and this token version."""

    user_id: str
    ver: int
    email: str = field(repr=False)
    new_email: str = field(repr=False)


Grant: TypeAlias = Registration | Reset | EmailChange


@dataclass(frozen=True, slots=True)
class OneTimeToken:
    """What the table holds of a mail request. Times in seconds.

    Every mail request has one, so that a wrong code costs the same for every address. `grant` is None where there is
    nothing to open: nobody was sent the proof of it. `mailbox` is the address that was asked for.
    """

    request: str
    purpose: Purpose
    mailbox: str = field(repr=False)
    secret_hash: bytes = field(repr=False)
    code_hash: str = field(repr=False)
    expires_at: int
    grant: Grant | None = field(repr=False)
    used_at: int | None = None

    def is_open(self, now: int) -> bool:
        """Tell whether its proof, if somebody has it, still opens something at `now`."""
        return self.grant is not None and self.used_at is None and now < self.expires_at


@dataclass(frozen=True, slots=True)
class Link:
    """The proof that a link carries."""

    request: str
    unverified_secret: str = field(repr=False)

    def opens(self, token: OneTimeToken) -> bool:
        """Tell whether this is the link of the last mail of this request."""
        return compare_digest(secret_hash(self.unverified_secret), token.secret_hash)


@dataclass(frozen=True, slots=True)
class Code:
    """The proof that a person typed, digits only."""

    request: str
    unverified_code: str = field(repr=False)


Proof: TypeAlias = Link | Code


def new_secret() -> str:
    """Return the secret of a link: 256 bits from the operating system's CSPRNG."""
    return secrets.token_urlsafe(32)


def new_code() -> str:
    """Return a code of eight digits."""
    return f"{secrets.randbelow(10**_CODE_DIGITS):0{_CODE_DIGITS}}"


def secret_hash(secret: str) -> bytes:
    """Return what is stored of a secret. It has 256 bits, so a fast hash keeps it."""
    return sha256(secret.encode()).digest()


def link_token(request: str, secret: str) -> str:
    """Return the `token` of a link."""
    return f"{request}.{secret}"


def link_from(token: str) -> Link:
    """Read the `token` of a link. Raises ProofRejected for what cannot be one."""
    request, _, secret = token.partition(".")
    if not is_id(request) or _SECRET.fullmatch(secret) is None:
        raise ProofRejected("form")
    return Link(request, secret)


def code_from(request: str, typed: str) -> Code:
    """Read a code as people type it, with spaces or hyphens. Raises ProofRejected for what cannot be one."""
    code = _BETWEEN_DIGITS.sub("", typed) if len(typed) <= 4 * _CODE_DIGITS else ""
    if not is_id(request) or _CODE.fullmatch(code) is None:
        raise ProofRejected("form")
    return Code(request, code)


class OneTimeTokenStore(Protocol):
    """Stores one-time tokens. Every read is consistent; every method raises Unavailable."""

    def offer(self, token: OneTimeToken) -> bool:
        """Store a token, or renew its proof and its grant, but neither its tries nor its end. False: it is used."""
        ...

    def read(self, purpose: Purpose, request: str) -> OneTimeToken | None: ...

    def take_try(self, purpose: Purpose, request: str, *, now: int) -> OneTimeToken | None:
        """Take one of the tries of a token, and return it. None, with nothing taken, if none is left or it is dead."""
        ...

    def give_back(self, purpose: Purpose, request: str) -> None:
        """Give a try back: its code was right."""
        ...


class RedemptionStore(Protocol):
    """Spends one-time tokens: each time one transaction with the change that the token opens.

    A change returns False, having done nothing, if the token is used or past its end, or if the account is no longer as
    the grant says. It stores its audit entry in that transaction, and happens at the entry's time. `by_code` gives the
    mailbox the try back that the code has reserved. Raises Unavailable.
    """

    def register(
        self, token: OneTimeToken, user: User, password_hash: str, audit: AuditEntry, *, by_code: bool
    ) -> bool:
        """Store a new user with credential and login name. False also if the address is taken meanwhile."""
        ...

    def reset(self, token: OneTimeToken, grant: Reset, new_hash: str, audit: AuditEntry, *, by_code: bool) -> bool:
        """Give a user another password. Every token and session of theirs dies; their status stays as it is."""
        ...

    def move(self, token: OneTimeToken, grant: EmailChange, audit: AuditEntry, *, by_code: bool) -> bool:
        """Move a user to another address. False also if it is taken meanwhile, or if the user is being deleted."""
        ...
