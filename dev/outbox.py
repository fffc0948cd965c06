"""The outbox: what the mailer handed over, as JSON and as a page. moto's SES keeps neither headers nor both bodies."""

import threading
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from dev.gateway.events import HttpResponse
from sallyport.mail.mail import Mail

KEPT = 500
"""How many mails the outbox keeps. It forgets the oldest."""

_HERE = Path(__file__).parent
_TEMPLATES = Environment(
    loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)

# A mail brings styles of its own, and the frame that shows it is under the page's policy. Nothing runs or loads.
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True)
class _Sent:
    mail: Mail
    at: int


class Outbox:
    """Keeps mails in the order in which they were sent. Several threads may add and read."""

    def __init__(self, *, kept: int = KEPT) -> None:
        self._sent: deque[_Sent] = deque(maxlen=kept)
        self._lock = threading.Lock()

    def add(self, mail: Mail, *, at: int) -> None:
        """Keep a mail that was sent in the second `at`."""
        with self._lock:
            self._sent.append(_Sent(mail, at))

    def messages(self) -> dict[str, Any]:
        """Return what `GET /_dev/outbox` answers: the mails, oldest first."""
        return {"messages": [_message(sent) for sent in self._all()]}

    def page(self) -> HttpResponse:
        """Return the same as a page, newest first. It runs nothing and loads nothing; each mail is in a frame."""
        html = _TEMPLATES.get_template("outbox.html").render(
            style=(_HERE / "outbox.css").read_text(),
            messages=[_shown(sent, number) for number, sent in enumerate(self._all(), 1)][::-1],
        )
        headers = {
            "content-type": "text/html; charset=utf-8",
            "content-security-policy": _POLICY,
            "x-content-type-options": "nosniff",
            "referrer-policy": "no-referrer",  # the addresses of links hold secrets
            "cache-control": "no-store",
        }
        return HttpResponse(200, tuple(headers.items()), html.encode())

    def _all(self) -> list[_Sent]:
        with self._lock:
            return list(self._sent)


def _message(sent: _Sent) -> dict[str, Any]:
    mail = sent.mail
    return {
        "to": mail.to,
        "subject": mail.subject,
        "text": mail.text,
        "html": mail.html,
        "headers": dict(mail.headers),
        "sent_at": sent.at,
    }


def _shown(sent: _Sent, number: int) -> dict[str, Any]:
    """Return a message for the page. Links of the mail open in a tab of their own, as in a mail program."""
    html = sent.mail.html.replace("<head>", '<head><base target="_blank">', 1)
    at = datetime.fromtimestamp(sent.at, UTC)
    return _message(sent) | {
        "number": number,
        "framed": html,
        "moment": f"{at:%Y-%m-%d %H:%M:%S} UTC",
        "machine_moment": f"{at:%Y-%m-%dT%H:%M:%SZ}",
    }
