"""Prove a mailbox: links, codes and their tries, and that every refusal costs and says the same."""

from dataclasses import replace

import pytest

from sallyport.accounts.one_time_token import Code, Link, OneTimeToken, Proof, Purpose, Reset, secret_hash
from sallyport.accounts.throttle import CODES_OF_MAILBOX, key_of_address
from sallyport.errors import ProofRejected, TooManyAttempts
from sallyport.identifiers import new_id
from sallyport.use_cases.prove_mailbox import ProveMailbox
from tests.support.builders import NOW, WEAK_PASSWORDS
from tests.support.calls import Calls
from tests.support.fakes import FakeOneTimeTokens, Memory

ANN = "ann@example.com"
HERE = "192.0.2.1"
SECRET, CODE = "s" * 43, "12345678"


@pytest.fixture
def token(memory: Memory) -> OneTimeToken:
    token = OneTimeToken(
        request=new_id(),
        purpose="reset_password",
        mailbox=ANN,
        secret_hash=secret_hash(SECRET),
        code_hash=WEAK_PASSWORDS.hash_code(CODE),
        expires_at=NOW + 1,
        grant=Reset("u", 1, ANN),
    )
    FakeOneTimeTokens(memory).offer(token)
    return token


def refused(prove_mailbox: ProveMailbox, proof: Proof) -> None:
    with pytest.raises(ProofRejected) as rejected:
        prove_mailbox(proof, "reset_password", HERE)
    assert rejected.value.reason == "invalid_token"


def test_the_link_and_the_code_prove_it(prove_mailbox: ProveMailbox, token: OneTimeToken) -> None:
    assert prove_mailbox(Link(token.request, SECRET), "reset_password", HERE) == token
    assert prove_mailbox(Code(token.request, CODE), "reset_password", HERE) == token


def test_a_link_takes_no_try_and_works_when_they_are_spent(
    prove_mailbox: ProveMailbox, token: OneTimeToken, memory: Memory
) -> None:
    for _ in range(6):
        refused(prove_mailbox, Code(token.request, "00000000"))
    refused(prove_mailbox, Code(token.request, CODE))

    assert prove_mailbox(Link(token.request, SECRET), "reset_password", HERE) == token
    assert memory.tries[token.request, token.purpose] == 5


def test_a_code_is_compared_only_after_both_tries_are_taken(
    prove_mailbox: ProveMailbox, token: OneTimeToken, calls: Calls
) -> None:
    prove_mailbox(Code(token.request, CODE), "reset_password", HERE)

    assert calls.made == ["take", "take_try", "reserve", "check_code"]


def test_every_code_that_is_refused_costs_a_hash(
    prove_mailbox: ProveMailbox, token: OneTimeToken, memory: Memory, calls: Calls
) -> None:
    unknown = Code(new_id(), CODE)
    spent = replace(token, request=new_id())
    FakeOneTimeTokens(memory).offer(spent)
    memory.tries[spent.request, spent.purpose] = 5

    for proof in (unknown, Code(spent.request, CODE), Code(token.request, "00000000")):
        calls.made.clear()
        refused(prove_mailbox, proof)
        assert calls.made.count("check_code") == 1
        assert calls.made[-1] == "check_code"


def test_a_mailbox_has_twenty_five_wrong_codes_a_day_over_all_its_requests(
    prove_mailbox: ProveMailbox, token: OneTimeToken, memory: Memory
) -> None:
    memory.failures[key_of_address(ANN), CODES_OF_MAILBOX.scope] = (24, NOW)
    refused(prove_mailbox, Code(token.request, "00000000"))

    refused(prove_mailbox, Code(token.request, CODE))

    assert prove_mailbox(Link(token.request, SECRET), "reset_password", HERE) == token


@pytest.mark.parametrize("proof", ["link", "code"])
@pytest.mark.parametrize("change", [
    {"expires_at": NOW}, {"used_at": NOW - 1}, {"grant": None}, {"purpose": "verify_email"},
    {"secret_hash": secret_hash("t" * 43), "code_hash": WEAK_PASSWORDS.hash_code("87654321")},
], ids=["expired", "used", "opens nothing", "another purpose", "newer mail"])  # fmt: skip
def test_everything_else_is_the_one_refusal(
    prove_mailbox: ProveMailbox, token: OneTimeToken, memory: Memory, proof: str, change: dict[str, object]
) -> None:
    stored = replace(token, request=new_id(), **change)  # type: ignore[arg-type]  # each of its own type
    memory.tokens[stored.request, stored.purpose] = stored
    memory.tries[stored.request, stored.purpose] = 0

    refused(prove_mailbox, Link(stored.request, SECRET) if proof == "link" else Code(stored.request, CODE))


def test_a_purpose_without_codes_refuses_the_right_one_after_the_same_work(
    prove_mailbox: ProveMailbox, token: OneTimeToken, calls: Calls
) -> None:
    purposes: tuple[Purpose, ...] = ("verify_email",)
    by_link_only = replace(prove_mailbox, by_code=purposes)

    refused(by_link_only, Code(token.request, CODE))

    assert calls.made == ["take", "take_try", "reserve", "check_code"]
    assert by_link_only(Link(token.request, SECRET), "reset_password", HERE) == token


def test_a_client_that_has_tried_too_often_is_not_listened_to(
    prove_mailbox: ProveMailbox, token: OneTimeToken, calls: Calls
) -> None:
    for _ in range(100):
        refused(prove_mailbox, Link(new_id(), SECRET))
    calls.made.clear()

    with pytest.raises(TooManyAttempts):
        prove_mailbox(Link(token.request, SECRET), "reset_password", HERE)

    assert calls.made == ["take"]


def test_what_a_right_code_took_is_given_back(prove_mailbox: ProveMailbox, token: OneTimeToken, memory: Memory) -> None:
    proof = Code(token.request, CODE)
    prove_mailbox(proof, "reset_password", HERE)

    prove_mailbox.give_back(proof, token)
    prove_mailbox.give_back(Link(token.request, SECRET), token)

    assert memory.tries[token.request, token.purpose] == 0
    assert memory.failures[key_of_address(ANN), CODES_OF_MAILBOX.scope][0] == 0
