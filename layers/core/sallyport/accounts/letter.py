"""The letter: what is mailed, before it has words."""

from typing import Literal, Protocol, TypeAlias

from sallyport.accounts.mail_request import NoticeKind
from sallyport.values import dataclass, field

LetterKind: TypeAlias = Literal[
    "verify_email",  # whoever has this mailbox may register: a link and a code
    "address_known",  # somebody wanted to register, or to move to, an address that has an account
    "reset_password",  # a link, and mostly a code
    "confirm_email",  # to the new address: a link and a code
    NoticeKind,
]
"""What a letter tells its reader."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One letter to one mailbox.

    `at` is the second in which it was asked for, or in which what it tells of was done. The first four kinds name the
    mail request (`request`) that they answer; the first, third and fourth carry its proof: a link, and a code unless
    codes are off. The others are notices, which say where the change came from: `ip` and `user_agent` are empty where
    an operator made it.
    """

    kind: LetterKind
    to: str = field(repr=False)
    language: str
    at: int
    request: str = ""
    link: str = field(default="", repr=False)
    code: str = field(default="", repr=False)
    ip: str = field(default="", repr=False)
    user_agent: str = field(default="", repr=False)


class Mailer(Protocol):
    """Mails letters."""

    def send(self, letter: Letter) -> None:
        """Hand a letter over to be delivered. Raises Unavailable."""
        ...
