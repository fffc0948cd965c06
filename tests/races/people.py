"""The account calls over any stores, without HTTP: strings in, one word out."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from threading import Barrier, local
from typing import Any, TypeVar, cast

from sallyport.accounts.hashing import Parameters, Passwords
from sallyport.accounts.letter import Letter
from sallyport.accounts.mail_request import MailRequest, Subject
from sallyport.accounts.new_password import NewPasswords
from sallyport.accounts.one_time_token import Proof, Purpose, code_from, link_from
from sallyport.accounts.password import normal
from sallyport.accounts.throttle import attempts_of_client
from sallyport.accounts.user import User
from sallyport.errors import SallyportError
from sallyport.identifiers import new_id
from sallyport.sessions.issue import IssuedTokens
from sallyport.sessions.session import Device
from sallyport.tokens.access import AccessToken
from sallyport.tokens.device import DeviceTokens
from sallyport.use_cases.change_password import ChangePassword
from sallyport.use_cases.choose_password import ChoosePassword
from sallyport.use_cases.confirm_caller import ConfirmCaller
from sallyport.use_cases.confirm_email import ConfirmEmail
from sallyport.use_cases.delete_account import DeleteAccount
from sallyport.use_cases.limit_client import LimitClient
from sallyport.use_cases.log_in import Attempt
from sallyport.use_cases.notify import Notify
from sallyport.use_cases.prove_mailbox import ProveMailbox
from sallyport.use_cases.reset_password import ResetPassword
from sallyport.use_cases.send_mail import SendMail
from sallyport.use_cases.verify_email import VerifyEmail
from tests.support.builders import WEAK_PASSWORDS
from tests.support.fakes import FakeMailer, FakeMailQueue
from tests.support.logging_in import login_over
from tests.support.service import Service
from tests.support.stores import Stores
from tests.support.tokens import KnownKeys, refresh_key

_T = TypeVar("_T")

PASSWORD = "correct horse battery staple"
NEW_PASSWORD = "another horse, another battery"
HERE = Device(ip="192.0.2.1", user_agent="a browser")
PURPOSES: tuple[Purpose, ...] = ("verify_email", "reset_password", "confirm_email")

_STUCK = 60


class Gate:
    """Where so many callers wait for each other, each once: a second try does not wait again."""

    def __init__(self, callers: int) -> None:
        self._barrier = Barrier(callers, timeout=_STUCK)
        self._been_here = local()

    def before(self, store: _T, *methods: str) -> _T:
        """Return a store before whose methods callers wait: the worst case, the same on every machine."""
        return cast("_T", _Gated(store, methods, self))

    def wait(self) -> None:
        if not getattr(self._been_here, "already", False):
            self._been_here.already = True
            self._barrier.wait()


class _Gated:
    def __init__(self, store: object, methods: tuple[str, ...], gate: Gate) -> None:
        self._store = store
        self._methods = methods
        self._gate = gate

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)
        if name not in self._methods:
            return method

        def wait_and_call(*arguments: Any, **named: Any) -> Any:
            self._gate.wait()
            return method(*arguments, **named)

        return wait_and_call


class Meanwhile:
    """A store to whose method somebody is always too late: something happens just before it."""

    def __init__(self, store: object, method: str, happens: Callable[[], object]) -> None:
        self._store = store
        self._method = method
        self._happens = happens

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)
        if name != self._method:
            return method

        def too_late(*arguments: Any, **named: Any) -> Any:
            self._happens()
            return method(*arguments, **named)

        return too_late


class CountedPasswords(Passwords):
    """Notes how many codes were compared with a stored one. The others had a decoy."""

    def __init__(self) -> None:
        super().__init__(Parameters(memory_kib=8, time_cost=1))
        self.compared: list[str] = []

    def check_code(self, code: str, stored: str | None) -> bool:
        if stored is not None:
            self.compared.append(code)
        return super().check_code(code, stored)


@dataclass(frozen=True)
class People:
    """People with accounts and mailboxes. What they do answers "done", or the code of the refusal."""

    service: Service
    stores: Stores
    passwords: Passwords = WEAK_PASSWORDS
    mailer: FakeMailer = field(default_factory=FakeMailer)
    queue: FakeMailQueue = field(default_factory=FakeMailQueue)

    def behind(self, gate: Gate, **methods: Iterable[str]) -> "People":
        """Return the same people, who wait before these methods of these stores."""
        gated = {name: gate.before(getattr(self.stores, name), *of) for name, of in methods.items()}
        return replace(self, stores=replace(self.stores, **gated))

    def overtaken(self, store: str, method: str, happens: Callable[[], object]) -> "People":
        """Return the same people, to whom something always happens just before this method of this store."""
        late = Meanwhile(getattr(self.stores, store), method, happens)
        return replace(self, stores=replace(self.stores, **cast("dict[str, Any]", {store: late})))

    def is_free(self, email: str) -> bool:
        """Tell whether an address can be registered, by registering it."""
        return self.verify(link_of(self.mailed(self.asked("verify_email", email)))) == "done"

    # Mailboxes

    def asked(self, purpose: Purpose, email: str, user: User | None = None) -> MailRequest:
        """Return a mail request. `user` is who wants to move to the address."""
        subject = Subject(user.user_id, user.token_version, user.email) if user else None
        now = self.service.clock.now
        return MailRequest(
            purpose=purpose, email=email, request=new_id(), requested_at=now, language="en", subject=subject
        )

    def mailed(self, asked: MailRequest) -> Letter:
        """Have a request answered, and read the mail."""
        assert self.send_mail(asked) == "mailed"
        return [letter for letter in self.mailer.letters if letter.request == asked.request][-1]

    def send_mail(self, asked: MailRequest) -> str:
        return SendMail(
            users=self.stores.accounts,
            tokens=self.stores.tokens,
            codes=self.passwords,
            mailer=self.mailer,
            app_url="https://app.example.com",
            by_code=PURPOSES,
            clock=self.service.clock,
        )(asked)

    # What proofs open

    def verify(self, proof: Proof, password: str = NEW_PASSWORD) -> str:
        verify_email = VerifyEmail(
            choose_password=self._choose_password(),
            redemptions=self.stores.redemptions,
            devices=_devices(),
            clock=self.service.clock,
        )
        return _outcome(lambda: verify_email(proof, normal(password), HERE.ip, "request"))

    def reset(self, proof: Proof, password: str = NEW_PASSWORD) -> str:
        reset_password = ResetPassword(
            choose_password=self._choose_password(),
            redemptions=self.stores.redemptions,
            devices=_devices(),
            notify=self._notify(),
            clock=self.service.clock,
        )
        return _outcome(lambda: reset_password(proof, normal(password), HERE, "request"))

    def confirm(self, tokens: IssuedTokens, proof: Proof) -> str:
        confirm_email = ConfirmEmail(
            sessions=self.stores.sessions,
            prove_mailbox=self._prove_mailbox(),
            redemptions=self.stores.redemptions,
            notify=self._notify(),
            clock=self.service.clock,
        )
        return _outcome(lambda: confirm_email(self._caller(tokens), proof, HERE, "request"))

    # What passwords open

    def log_in(self, email: str, password: str = PASSWORD) -> tuple[str, IssuedTokens | None]:
        log_in = login_over(
            self.stores.accounts,
            self.stores.sessions,
            self.stores.openings,
            self.stores.throttle,
            self.stores.guesses,
            clock=self.service.clock,
            passwords=self.passwords,
            issuer=self.service.issuer,
        )
        try:
            return "done", log_in(Attempt(email, normal(password), HERE, "body")).tokens
        except SallyportError as refused:
            return refused.code, None

    def change_password(self, tokens: IssuedTokens, new: str) -> tuple[str, IssuedTokens | None]:
        change_password = ChangePassword(
            confirm_caller=self._confirm_caller(),
            rules=_rules(),
            store=self.stores.accounts,
            issuer=self.service.issuer,
            notify=self._notify(),
            clock=self.service.clock,
        )
        try:
            return "done", change_password(self._caller(tokens), normal(PASSWORD), normal(new), HERE, "request").tokens
        except SallyportError as refused:
            return refused.code, None

    def delete(self, tokens: IssuedTokens) -> str:
        delete_account = DeleteAccount(
            confirm_caller=self._confirm_caller(), notify=self._notify(), clock=self.service.clock
        )
        return _outcome(lambda: delete_account(self._caller(tokens), normal(PASSWORD), HERE, "request"))

    def guess_as_caller(self, tokens: IssuedTokens, password: str) -> str:
        """Give a password where a change asks for it again, and change nothing."""
        return _outcome(lambda: self._confirm_caller()(self._caller(tokens), normal(password)))

    def knows(self, email: str, password: str) -> bool:
        """Tell whether this is the password of an address."""
        stored = self.stores.account(email).password_hash
        return self.passwords.check(normal(password), stored).matches

    def _caller(self, tokens: IssuedTokens) -> AccessToken:
        """Return what the authorizer says of a token that it has let pass."""
        return self.service.access_verifier.verify(tokens.access_token, now=self.service.clock.now)

    def _prove_mailbox(self) -> ProveMailbox:
        return ProveMailbox(
            tokens=self.stores.tokens,
            throttle=self.stores.throttle,
            limit_client=LimitClient(
                throttle=self.stores.throttle, bucket=attempts_of_client(1_000_000), clock=self.service.clock
            ),
            codes=self.passwords,
            by_code=PURPOSES,
            clock=self.service.clock,
        )

    def _choose_password(self) -> ChoosePassword:
        return ChoosePassword(prove_mailbox=self._prove_mailbox(), rules=_rules(), passwords=self.passwords)

    def _confirm_caller(self) -> ConfirmCaller:
        return ConfirmCaller(
            sessions=self.stores.sessions,
            accounts=self.stores.accounts,
            passwords=self.passwords,
            guesses=self.stores.guesses,
            clock=self.service.clock,
        )

    def _notify(self) -> Notify:
        return Notify(queue=self.queue, language="en", clock=self.service.clock)


def link_of(letter: Letter) -> Proof:
    return link_from(letter.link.partition("token=")[2])


def code_of(letter: Letter) -> Proof:
    return code_from(letter.request, letter.code)


def an_address() -> str:
    return f"{new_id().lower().strip('-_')}@example.com"


def _outcome(act: Callable[[], object]) -> str:
    try:
        act()
    except SallyportError as refused:
        return refused.code
    return "done"


def _rules() -> NewPasswords:
    return NewPasswords(min_length=15, service_name="Sallyport", blocklist=())


def _devices() -> DeviceTokens:
    return DeviceTokens(KnownKeys({}), refresh_key)
