"""Send what waits in the mail queue."""

from collections.abc import Collection
from typing import Literal

from sallyport.accounts.hashing import Passwords
from sallyport.accounts.letter import Letter, LetterKind, Mailer
from sallyport.accounts.mail_request import MailRequest, Notice, Queued
from sallyport.accounts.one_time_token import (
    LIFETIME_SECONDS,
    EmailChange,
    Grant,
    OneTimeToken,
    OneTimeTokenStore,
    Purpose,
    Registration,
    Reset,
    link_token,
    new_code,
    new_secret,
    secret_hash,
)
from sallyport.accounts.user import User, UserDirectory
from sallyport.clock import Clock
from sallyport.values import dataclass, replace

Outcome = Literal["mailed", "not_mailed", "outdated", "used"]
"""What became of a message.

`not_mailed`: there is nobody who should get mail. `outdated`: it waited for longer than a link lives. `used`: it came
once more, after the link or the code of its first mail was used.
"""

_PAGES: dict[Purpose, str] = {
    "verify_email": "verify-email",
    "reset_password": "reset-password",
    "confirm_email": "confirm-email",
}
"""Where in the app a link leads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendMail:
    """Answers mail requests, and passes notices on.

    A queue delivers a message at least once. So a request may get two mails: the link and the code of the newer count.
    `app_url` is where the pages are to which links lead; `by_code` are the purposes for which codes are taken.
    """

    users: UserDirectory
    tokens: OneTimeTokenStore
    codes: Passwords
    mailer: Mailer
    app_url: str
    by_code: Collection[Purpose]
    clock: Clock

    def __call__(self, queued: Queued) -> Outcome:
        """Mail what a message asks for, if anything. Returns what became of it. Raises Unavailable."""
        match queued:
            case Notice():
                self.mailer.send(_letter_of(queued))
                return "mailed"
            case MailRequest():
                return self._answer(queued)

    def _answer(self, asked: MailRequest) -> Outcome:
        ends = asked.requested_at + LIFETIME_SECONDS
        if self.clock() // 1000 >= ends:
            return "outdated"
        grant, letter = self._answer_to(asked)
        secret, code = new_secret(), new_code()
        token = OneTimeToken(
            request=asked.request,
            purpose=asked.purpose,
            mailbox=asked.email,
            secret_hash=secret_hash(secret),
            code_hash=self.codes.hash_code(code),
            expires_at=ends,
            grant=grant,
        )
        if not self.tokens.offer(token):
            return "used"
        if letter is None:
            return "not_mailed"
        self.mailer.send(self._with_proof(letter, asked.purpose, secret, code) if grant else letter)
        return "mailed"

    def _answer_to(self, asked: MailRequest) -> tuple[Grant | None, Letter | None]:
        """Return what a request opens and what is mailed, each None for nothing. A disabled user is mailed nothing."""
        owner = self.users.named(asked.email)
        grant = self._grant(asked, owner)
        if grant is not None:
            return grant, _letter(asked, asked.purpose)
        if owner is not None and owner.status == "active":
            return None, _letter(asked, "address_known")
        return None, None

    def _grant(self, asked: MailRequest, owner: User | None) -> Grant | None:
        """Return what the proof of a request opens: never more than for the address to which it is mailed."""
        match asked.purpose:
            case "verify_email":
                return Registration(asked.email) if owner is None else None
            case "reset_password":
                is_active = owner is not None and owner.status == "active"
                return Reset(owner.user_id, owner.token_version, asked.email) if owner and is_active else None
            case "confirm_email":
                return self._change_of(asked) if owner is None else None

    def _change_of(self, asked: MailRequest) -> EmailChange | None:
        """Return the change of address that was asked for, unless its user is no longer as they were."""
        asking = asked.subject
        user = self.users.get(asking.user_id) if asking else None
        if asking is None or user is None or user.status != "active":
            return None
        if (user.token_version, user.email) != (asking.ver, asking.email):
            return None
        return EmailChange(user.user_id, user.token_version, user.email, asked.email)

    def _with_proof(self, letter: Letter, purpose: Purpose, secret: str, code: str) -> Letter:
        link = f"{self.app_url}/{_PAGES[purpose]}?token={link_token(letter.request, secret)}"
        return replace(letter, link=link, code=code if purpose in self.by_code else "")


def _letter(asked: MailRequest, kind: LetterKind) -> Letter:
    return Letter(kind=kind, to=asked.email, language=asked.language, at=asked.requested_at, request=asked.request)


def _letter_of(notice: Notice) -> Letter:
    return Letter(
        kind=notice.kind,
        to=notice.email,
        language=notice.language,
        at=notice.at,
        ip=notice.ip,
        user_agent=notice.user_agent,
    )
