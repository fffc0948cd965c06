"""Notify the owner of an address of a change that was made."""

from sallyport.accounts.mail_request import MailQueue, Notice, NoticeKind
from sallyport.clock import Clock
from sallyport.errors import Unavailable
from sallyport.sessions.session import Device
from sallyport.trail import Note
from sallyport.values import dataclass

BY_AN_OPERATOR = Device(ip="", user_agent="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Notify:
    """Enqueues notices."""

    queue: MailQueue
    language: str
    clock: Clock

    def __call__(self, kind: NoticeKind, email: str, device: Device) -> tuple[Note, ...]:
        """Tell whoever reads mail at a stored address. Return what to note: the change stands, whoever hears of it."""
        notice = Notice(
            kind=kind,
            email=email,
            at=self.clock() // 1000,
            language=self.language,
            ip=device.ip,
            user_agent=device.user_agent,
        )
        try:
            self.queue.put(notice)
        except Unavailable:
            return ("notice_lost",)
        return ()
