"""docs/attacks.md, L01, L02, L03: no answer, and no work, tells whether an address has an account.

How long the work takes is measured by `make prove` (benchmarks/enumeration.py).
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from dev.lambda_host.functions import LocalFunction
from sallyport.accounts.decoys import DECOYS
from sallyport.accounts.hashing import CURRENT, Parameters, Passwords
from sallyport.accounts.password import normal
from sallyport.aws.dynamodb.decoys import Decoys
from sallyport.identifiers import new_id
from sallyport.use_cases.keep_decoys import KeepDecoys
from tests.attacks.accounts.visitor import NEW_PASSWORD, Visitor, an_address, waiting
from tests.support.builders import WEAK_PASSWORDS, a_user, an_audit, an_ip
from tests.support.deployed import PASSWORD, Stack, sample
from tests.support.tokens import unverified_claims
from tests.support.wire import Wire
from tests.support.work import Work, Workbook

LAST = Parameters(memory_kib=8, time_cost=1)
WRONG = "wrong horse battery staple"


@pytest.fixture
def workbook(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> Workbook:
    return Workbook(wire, monkeypatch)


@pytest.fixture(autouse=True)
def _decoys(stack: Stack) -> None:
    KeepDecoys(store=Decoys(stack.table), passwords=Passwords())()


@dataclass(frozen=True)
class Seen:
    """All that a stranger sees of a request, and all that could tell by its time."""

    answer: str
    work: Work

    @property
    def status(self) -> int:
        return int(json.loads(self.answer)["statusCode"])

    @property
    def body(self) -> dict[str, Any]:
        return dict(json.loads(json.loads(self.answer)["body"]))


def asked(
    stack: Stack, workbook: Workbook, path: str, body: Mapping[str, Any], access_token: str | None = None
) -> Seen:
    """Send a body from an address of its own. The answer is the whole of it, but for ids that differ every time."""
    event = sample("logout_ended", body=body)
    event["routeKey"] = f"POST {path}"
    event["rawPath"] = event["requestContext"]["http"]["path"] = path
    event["requestContext"]["http"]["sourceIp"] = an_ip()
    if access_token:
        event["requestContext"]["authorizer"] = {"lambda": unverified_claims(access_token)}
    with workbook.page() as noted:
        answer = stack.invoke(stack.deployment.routes["POST", path].function, event)
    whole = json.dumps(answer, sort_keys=True)
    for its_own in ("request", "request_id"):
        value = json.loads(answer["body"]).get(its_own, "")
        whole = whole.replace(value, "." * len(value)) if value else whole
    return Seen(whole, *noted)


def addresses(stack: Stack) -> dict[str, str]:
    """Return one address of each kind that a stranger would tell apart, all of one length."""
    without = stack.new_user(email=an_address())
    stack.table.put({"PK": f"CREDENTIAL#{without.user_id}", "SK": "CREDENTIAL"})
    return {
        "unknown": an_address(),
        "unknown, too": an_address(),
        "known": stack.new_user(email=an_address()).email,
        "disabled": stack.new_user(email=an_address(), status="disabled").email,
        "without a password": without.email,
    }


def is_one(seen: Mapping[str, Seen]) -> Seen:
    """Hold all requests to one answer and one work, and return it. What is read may differ by a hash at most."""
    first, *others = seen.values()
    for kind, other in seen.items():
        assert other == first, kind
        assert other.work.sent == pytest.approx(first.work.sent, abs=40 * len(first.work.calls)), kind
        assert other.work.told == pytest.approx(first.work.told, abs=150), kind
    assert others
    return first


@pytest.mark.parametrize("password", [WRONG, PASSWORD, ""])
def test_l01_l02_a_refused_login_is_one_answer_after_one_work(stack: Stack, workbook: Workbook, password: str) -> None:
    """The right password is refused where the user is disabled."""
    kinds = addresses(stack)
    if password == PASSWORD:
        del kinds["known"]
    asked(stack, workbook, "/auth/login", {"email": an_address(), "password": WRONG})  # the keys are read

    seen = is_one(
        {
            kind: asked(stack, workbook, "/auth/login", {"email": email, "password": password})
            for kind, email in kinds.items()
        }
    )

    assert seen.status == 401
    assert seen.work.hashes == (CURRENT.memory_kib,)
    assert seen.work.items == 4


def test_l01_whoever_asks_for_a_decoy_is_told_that_this_is_no_address(stack: Stack, workbook: Workbook) -> None:
    for path in ("/auth/login", "/auth/register", "/auth/password/forgot"):
        body = {"password": WRONG} if path == "/auth/login" else {}
        seen = {
            email: asked(stack, workbook, path, {"email": email, **body})
            for email in (DECOYS[0].email, DECOYS[63].email.upper(), "anybody@nobody.invalid", "no address")
        }

        first = is_one(seen)

        assert first.body["code"] == "invalid_email"
        assert first.work.calls == ()
        assert first.work.hashes == ()


@pytest.fixture
def upgraded(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> LocalFunction:
    """login, as in a release that has changed the parameters."""
    monkeypatch.setattr("sallyport.wiring.login.Passwords", partial(Passwords, CURRENT, LAST))
    return LocalFunction(stack.deployment.functions["Login"].spec)


def test_l02_across_an_upgrade_of_the_parameters_every_login_computes_both(
    stack: Stack, workbook: Workbook, upgraded: LocalFunction, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(stack.deployment.functions, "Login", upgraded)
    user = a_user(email=an_address())
    stack.accounts.create(user, WEAK_PASSWORDS.hash(normal(PASSWORD)), an_audit(user))
    kinds = {**addresses(stack), "outdated": user.email}
    asked(stack, workbook, "/auth/login", {"email": an_address(), "password": WRONG})  # the keys are read

    seen = is_one(
        {
            kind: asked(stack, workbook, "/auth/login", {"email": email, "password": WRONG})
            for kind, email in kinds.items()
        }
    )

    assert seen.work.hashes == (LAST.memory_kib, CURRENT.memory_kib)


def registering(stack: Stack, workbook: Workbook, email: str) -> Seen:
    return asked(stack, workbook, "/auth/register", {"email": email})


def forgetting(stack: Stack, workbook: Workbook, email: str) -> Seen:
    return asked(stack, workbook, "/auth/password/forgot", {"email": email})


def moving(stack: Stack, workbook: Workbook, email: str) -> Seen:
    mover = stack.new_user(email=an_address())
    access_token = stack.log_in(mover).body["access_token"]
    return asked(stack, workbook, "/auth/email/change", {"email": email, "password": PASSWORD}, access_token)


ASKING = [registering, forgetting, pytest.param(moving, marks=pytest.mark.only_in_check)]
Asking = Callable[[Stack, Workbook, str], Seen]


@pytest.mark.parametrize("asks", ASKING)
def test_l01_l03_asking_for_a_mail_is_one_answer_one_work_and_one_message(
    stack: Stack, workbook: Workbook, asks: Asking
) -> None:
    asks(stack, workbook, an_address())  # the keys are read
    waiting(stack)

    seen = is_one({kind: asks(stack, workbook, email) for kind, email in addresses(stack).items()})

    assert seen.status == 202
    assert "cookies" not in json.loads(seen.answer)
    messages = [json.loads(message) for message in waiting(stack)]
    sizes = [len(json.dumps(message)) for message in messages if "request" in message]  # the others are notices
    assert len(sizes) == 5
    assert len(set(sizes)) == 1


@pytest.mark.only_in_check
@pytest.mark.parametrize("limit", [5, 6])
@pytest.mark.parametrize("asks", [registering, forgetting])
def test_l03_an_address_that_was_asked_for_too_often_is_refused_nothing_either(
    stack: Stack, workbook: Workbook, asks: Asking, limit: int
) -> None:
    kinds = addresses(stack)
    for _ in range(limit - 1):
        for email in kinds.values():
            asks(stack, workbook, email)

    is_one({kind: asks(stack, workbook, email) for kind, email in kinds.items()})


REDEEMING = [("/auth/register", "/auth/verify-email"), ("/auth/password/forgot", "/auth/password/reset")]


@pytest.mark.only_in_check
@pytest.mark.parametrize(("asking", "redeeming"), REDEEMING)
@pytest.mark.parametrize("by", ["code", "link"])
def test_l01_l02_a_wrong_proof_is_one_answer_after_one_work_whoever_the_mail_was_for(
    stack: Stack, workbook: Workbook, asking: str, redeeming: str, by: str
) -> None:
    """An id that was made up gets the same answer, and costs the same hash."""
    requests = {
        kind: Visitor(stack).send(asking, email=email).body["request"] for kind, email in addresses(stack).items()
    }
    stack.mails_to("")

    def proof(request: str) -> dict[str, str]:
        return {"request": request, "code": "00000000"} if by == "code" else {"token": f"{request}.{'A' * 43}"}

    def redeem(request: str) -> Seen:
        return asked(stack, workbook, redeeming, {**proof(request), "password": NEW_PASSWORD})

    redeem(new_id())  # the keys are read
    seen = is_one({kind: redeem(request) for kind, request in requests.items()})
    made_up = redeem(new_id())

    assert seen.body["code"] == "invalid_token"
    assert made_up.answer == seen.answer
    assert made_up.work.hashes == seen.work.hashes


@pytest.mark.only_in_check
def test_l02_a_wrong_password_of_a_caller_costs_the_same_whether_they_have_one(
    stack: Stack, workbook: Workbook
) -> None:
    seen = {}
    for kind in ("wrong", "none"):
        user = stack.new_user(email=an_address())
        access_token = stack.log_in(user).body["access_token"]
        if kind == "none":
            stack.table.put({"PK": f"CREDENTIAL#{user.user_id}", "SK": "CREDENTIAL"})
        body = {"current_password": WRONG, "new_password": NEW_PASSWORD}
        asked(stack, workbook, "/auth/password/change", body, access_token)  # the keys are read
        seen[kind] = asked(stack, workbook, "/auth/password/change", body, access_token)

    assert is_one(seen).status == 403
