"""The mail: a letter in words, ready to be sent."""

import re
from collections.abc import Mapping
from typing import Protocol

from sallyport.values import dataclass, field

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One mail to one mailbox: the same content as text and as HTML.

    Raises ValueError if something that becomes a line of the mail's head holds a line break or another control
    character: nobody can add a header or a recipient.
    """

    to: str = field(repr=False)
    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)
    headers: Mapping[str, str]

    def __post_init__(self) -> None:
        for name, value in (("to", self.to), ("subject", self.subject), *self.headers.items()):
            if _CONTROL.search(name) or _CONTROL.search(value):
                raise ValueError(f"a mail's {name!r} holds a control character")


class Sender(Protocol):
    """Sends mails."""

    def send(self, mail: Mail) -> None:
        """Hand a mail over to be delivered. Raises Unavailable."""
        ...
