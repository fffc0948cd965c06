"""O01: marked secrets through every route and every function, and then a search for them in all that was left."""

import copy
import json
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from typing import NoReturn, cast
from urllib.parse import quote

import pytest

from dev.aws.cloud import LOCAL
from dev.lambda_host.functions import LocalFunction
from sallyport.accounts.hashing import Passwords
from sallyport.accounts.one_time_token import new_code, new_secret
from sallyport.aws.dynamodb.signing_keys import SigningKeys
from sallyport.aws.kms import KmsCipher
from sallyport.aws.ses import Ses
from sallyport.keys import private
from sallyport.mail.composer import ComposedMailer
from sallyport.sessions.issue import Signer
from sallyport.tokens.access import AccessTokenVerifier
from sallyport.tokens.refresh import RefreshTokenVerifier
from sallyport.use_cases import send_mail
from tests.faults.kinds import CANARY, SOME_FAULTS, TIMED_OUT
from tests.faults.line import Fault, Line
from tests.leaks.canaries import ALLOWED, Canaries, Kind
from tests.leaks.journey import BESIDE, GOOD, Event, Journey, Route, spoilt
from tests.support.deployed import sample
from tests.support.shapes import SAMPLES, asked


@pytest.fixture(autouse=True)
def _what_is_mailed_is_marked(monkeypatch: pytest.MonkeyPatch, canaries: Canaries) -> None:
    def marking(kind: Kind, make: Callable[[], str]) -> str:
        secret = make()
        canaries.plant(kind, secret)
        return secret

    monkeypatch.setattr(send_mail, "new_secret", partial(marking, "link", new_secret))
    monkeypatch.setattr(send_mail, "new_code", partial(marking, "code", new_code))


# The scan itself


@pytest.mark.parametrize(
    "spelled",
    [
        str,
        json.dumps,
        lambda text: json.dumps(json.dumps({"a": text})),
        lambda text: repr({"a": text.encode()}),
        lambda text: b64encode(text.encode()).decode(),
        lambda text: b64encode(b"a" + text.encode()).decode(),
        lambda text: b64encode(b"ab" + text.encode() + b"c").decode(),
        lambda text: text.encode().hex(),
        lambda text: quote(text, safe=""),
    ],
)
def test_the_scan_finds_a_secret_however_it_is_spelled(spelled: Callable[[str], str]) -> None:
    secret = 'a "password" / Ü'
    canaries = Canaries()
    canaries.plant("password", secret)

    assert canaries.misplaced("log", f"before {spelled(secret)} after")
    assert not canaries.misplaced("log", f"before {spelled('another password / Ü')} after")


def test_the_scan_finds_half_a_token_and_a_key_in_hex() -> None:
    canaries = Canaries()
    canaries.plant("refresh token", "header.a-payload.a-signature")
    canaries.plant("signing key", bytes(range(32)))

    assert canaries.misplaced("answers", "a-signature")
    assert canaries.misplaced("reprs", bytes(range(32)).hex().upper())
    assert not canaries.misplaced("kms", b64encode(bytes(range(32))).decode())
    assert not canaries.misplaced("log", "header")


def test_nothing_but_a_mail_may_hold_a_link_and_nothing_at_all_a_password() -> None:
    assert ALLOWED["link"].keys() == ALLOWED["code"].keys() == {"mails"}
    assert not any(ALLOWED[kind] for kind in ("password", "access token", "refresh token", "device token", "cookie"))


# Every route


def test_every_route_is_driven(journey: Journey) -> None:
    assert GOOD.keys() == journey.stack.deployment.routes.keys()


@pytest.mark.parametrize("route", GOOD, ids=" ".join)
def test_o01_no_secret_leaves_by_a_route_whatever_is_wrong_with_the_request(journey: Journey, route: Route) -> None:
    with journey.places.watched():
        GOOD[route](journey)
        for about, event in spoilt(journey, journey.sent[route][-1]):
            journey.send(route, event, about)
        journey.stack.deployment.mail.drain()

    assert not journey.misplaced()
    assert journey.statuses[route] <= {200, 202, 204, 400, 401, 403, 409, 413, 415, 429}


def test_o01_a_replay_is_audited_without_its_token(journey: Journey) -> None:
    with journey.places.watched():
        for more in BESIDE:
            more(journey)

    assert any("session.replayed" in audit for audit in journey.places.sent["audit"])
    assert not journey.misplaced()


def test_o01_a_mail_holds_one_link_and_one_code_and_they_are_its_own(journey: Journey) -> None:
    with journey.places.watched():
        for path in ("/auth/password/forgot", "/auth/register"):
            GOOD["POST", path](journey)
            GOOD["POST", path](journey)
        journey.stack.deployment.mail.drain()

    proofs = [str(value) for value, kind in journey.canaries.planted.items() if kind == "link"]
    held = [[proof for proof in proofs if proof in mail] for mail in journey.places.sent["mails"]]
    assert len(proofs) >= 4
    assert all(len(proofs_of_mail) <= 1 for proofs_of_mail in held)
    assert sorted(proof for proofs_of_mail in held for proof in proofs_of_mail) == sorted(proofs)


# Functions that no route leads to


def _asking_the_authorizer(j: Journey) -> Iterator[Event]:
    _, _, tokens = j.log_in()
    access, refresh = tokens["access_token"], tokens["refresh_token"]
    odd = (f"{access}x", access[:-4], refresh, f"{refresh}.{access}", f"{access},{access}", f"{access}\ud800", "")
    for shape in SAMPLES:
        for token in (access, *odd, j.mark("header")):
            yield asked(shape, f"Bearer {token}")
    yield {"version": j.mark("header"), "headers": {"authorization": f"Bearer {access}"}}
    yield {"type": "TOKEN", "authorizationToken": f"Bearer {access}", "methodArn": j.mark("header")}


def _handing_mail_over(j: Journey) -> Iterator[Event]:
    user, _ = j.user()
    good = sample("mailer_mailed")
    asked_for = {"purpose": "reset_password", "email": user.email, "request": "r" * 22, "requested_at": j.stack.now}
    for body in (
        json.dumps({**asked_for, "language": "en", "subject": None}),
        json.dumps({**asked_for, "language": "en", "subject": {"email": user.email}}),
        json.dumps({**asked_for, j.mark("unknown"): j.mark("unknown")}),
        json.dumps(
            {"kind": "password_changed", "email": f"{user.email}\r\nBcc: {user.email}", "at": 1, "language": ""}
        ),
        json.dumps({"kind": j.mark("unknown")}),
        j.mark("unknown"),
    ):
        event = copy.deepcopy(good)
        event["Records"][0]["body"] = body
        yield event


def _deploying(j: Journey) -> Iterator[Event]:
    for name in ("setup_keys_made", "setup_accepted", "setup_refused"):
        for request_type in ("Update", "Delete", j.mark("unknown")):
            j.canaries.plant("signed url", signature := f"signature-{len(j.canaries.planted)}")
            url = f"http://127.0.0.1:1/?X-Amz-Signature={signature}"
            yield {**sample(name), "RequestType": request_type, "ResponseURL": url}


def _keeping_keys(j: Journey) -> Iterator[Event]:
    yield {}
    yield sample("rotate_keys_scheduled")
    yield {"promote": "access", "drop_older": False}
    yield {"promote": j.mark("unknown")}
    yield {j.mark("name"): 1}
    yield [j.mark("unknown")]  # type: ignore[misc]  # which is what is wrong with it


BEHIND: Mapping[str, Callable[[Journey], Iterator[Event]]] = {
    "Authorizer": _asking_the_authorizer,
    "Mailer": _handing_mail_over,
    "Setup": _deploying,
    "RotateKeys": _keeping_keys,
}
"""By function, good and bad events of those that no route leads to."""


def test_every_function_is_driven(journey: Journey) -> None:
    deployment = journey.stack.deployment
    assert {route.function for route in deployment.routes.values()} | BEHIND.keys() == deployment.functions.keys()


@pytest.mark.parametrize("function", BEHIND)
def test_o01_no_secret_leaves_a_function_that_no_route_leads_to(journey: Journey, function: str) -> None:
    with journey.places.watched():
        for event in BEHIND[function](journey):
            answer = journey.places.invoke(journey.stack.deployment.functions[function], event)
            journey.places.note("answers", json.dumps(answer))

    assert not journey.misplaced()


# Faults and bugs


def _a_bug(canaries: Canaries, error: type[Exception]) -> Callable[..., NoReturn]:
    """Return what raises an error in whose text, arguments, notes and cause every secret stands."""

    def fail(*_: object, **__: object) -> NoReturn:
        secrets = " ".join(map(str, canaries.planted))
        failure = error(secrets)
        failure.add_note(secrets)
        raise failure from RuntimeError(secrets)

    return fail


def _every_call_failing(j: Journey, line: Line, route: Route, faults: list[Fault]) -> None:
    """Repeat a good request with each of its calls failing in each way."""
    line.listen()
    GOOD[route](j)
    line.hang_up()
    good = j.sent[route][-1]
    for nth in range(_most_calls(j, line, route)):
        for fault in faults:
            line.listen()
            line.fail(nth, fault)
            j.send(route, copy.deepcopy(good), f"{fault.name} in call {nth}")
            line.hang_up()


def _most_calls(j: Journey, line: Line, route: Route) -> int:
    line.listen()
    j.send(route, copy.deepcopy(j.sent[route][-1]))
    line.hang_up()
    return len(line.calls)


@pytest.mark.parametrize("route", GOOD, ids=" ".join)
def test_o01_no_secret_leaves_a_route_whose_calls_to_aws_fail(
    journey: Journey, line: Line, naps: list[float], route: Route
) -> None:
    journey.canaries.plant("aws", CANARY)
    raising = [_a_bug(journey.canaries, error) for error in (RuntimeError, ValueError, KeyError)]
    bugs = [Fault(f"a bug: {n}", fail) for n, fail in enumerate(raising)]
    with journey.places.watched():
        _every_call_failing(journey, line, route, [*SOME_FAULTS, TIMED_OUT, *bugs])

    assert not journey.misplaced()


BUGS: Mapping[str, list[tuple[object, str]]] = {
    "Login": [(Passwords, "check"), (Signer, "issue"), (private, "signing_key")],
    "Refresh": [(RefreshTokenVerifier, "verify"), (Signer, "issue"), (private, "signing_key")],
    "Logout": [(RefreshTokenVerifier, "verify")],
    "Account": [(Passwords, "check")],
    "Register": [(Passwords, "hash")],
    "Password": [(Passwords, "hash"), (Passwords, "check"), (private, "signing_key")],
    "Authorizer": [(AccessTokenVerifier, "verify_by_key")],
    "Mailer": [(Passwords, "hash_code"), (ComposedMailer, "send"), (Ses, "send")],
    "Setup": [(SigningKeys, "private_ring")],
    "RotateKeys": [(KmsCipher, "encrypt")],
}
"""By function, what has a bug: where secrets are in the clear, or, in setup, wherever it reads."""


@pytest.mark.parametrize(("function", "where"), [(name, bug) for name, bugs in BUGS.items() for bug in bugs])
def test_o01_a_bug_whose_error_holds_every_secret_shows_none(
    journey: Journey, monkeypatch: pytest.MonkeyPatch, function: str, where: tuple[object, str]
) -> None:
    """In an environment that has just started. What a function raises is printed by Lambda."""
    functions = dict(journey.stack.deployment.functions)
    events = list(BEHIND[function](journey))[:3] if function in BEHIND else []
    cold = LocalFunction(functions[function].spec, clients=LOCAL)
    monkeypatch.setitem(cast("dict[str, LocalFunction]", journey.stack.deployment.functions), function, cold)

    @contextmanager
    def broken(invoked: str) -> Iterator[None]:
        with monkeypatch.context() as patch:
            if invoked == function:
                patch.setattr(*where, _a_bug(journey.canaries, LookupError))
            yield

    journey.around = broken
    with journey.places.watched():
        for event in events:
            with broken(function):
                journey.places.note("answers", json.dumps(journey.places.invoke(cold, event)))
        for route in [
            route for route, served in journey.stack.deployment.routes.items() if served.function == function
        ]:
            with suppress(AssertionError):  # it was to succeed
                GOOD[route](journey)

    assert "LookupError in" in journey.places.lines.getvalue()
    assert not journey.misplaced()
