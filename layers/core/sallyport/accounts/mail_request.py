"""What waits in the mail queue: mail requests and notices. Neither holds a secret."""

from typing import Literal, Protocol, TypeAlias

from sallyport.accounts.one_time_token import Purpose
from sallyport.values import dataclass, field

NoticeKind = Literal[
    "email_change_requested",  # to the old address, as is the next
    "email_changed",
    "password_changed",
    "password_reset",
    "password_set",  # by an operator, as are the next two
    "account_disabled",
    "account_enabled",
    "account_deleted",
]
"""What a notice tells of."""


@dataclass(frozen=True, slots=True)
class Subject:
    """The user whose e-mail address is to change, as they were at the request."""

    user_id: str
    ver: int
    email: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailRequest:
    """A request for a link and a code. `requested_at` in seconds: everything about it ends half an hour after that."""

    purpose: Purpose
    email: str = field(repr=False)
    request: str
    requested_at: int
    language: str
    subject: Subject | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A change to tell the owner of an address of. `at` in seconds; `ip` and `user_agent` are empty for an operator."""

    kind: NoticeKind
    email: str = field(repr=False)
    at: int
    language: str
    ip: str = field(default="", repr=False)
    user_agent: str = field(default="", repr=False)


Queued: TypeAlias = MailRequest | Notice


class MailQueue(Protocol):
    """Takes what is to be mailed. It is mailed within moments, perhaps more than once."""

    def put(self, queued: Queued) -> None:
        """Enqueue. Raises Unavailable."""
        ...
