"""Request a mail: what is enqueued, for whom nothing is, and that no account is looked at."""

import pytest

from sallyport.accounts.mail_request import MailRequest, Subject
from sallyport.accounts.throttle import MAIL_FOR_CLIENT, ThrottleStore
from sallyport.errors import RegistrationClosed, TooManyAttempts, Unavailable
from sallyport.use_cases.limit_client import LimitClient
from sallyport.use_cases.register import Register
from sallyport.use_cases.request_mail import RequestMail
from tests.support.builders import NOW, SECOND
from tests.support.calls import Calls
from tests.support.fakes import FakeMailQueue

ANN = "ann@example.com"
HERE = "192.0.2.1"


@pytest.fixture
def request_mail(throttle: ThrottleStore, queue: FakeMailQueue, calls: Calls) -> RequestMail:
    def clock() -> int:
        return NOW * SECOND

    return RequestMail(
        throttle=throttle,
        limit_client=LimitClient(throttle=throttle, bucket=MAIL_FOR_CLIENT, clock=clock),
        queue=calls.to(queue),
        language="de",
        clock=clock,
    )


def test_the_queue_hears_what_was_asked_for_and_nothing_secret(request_mail: RequestMail, queue: FakeMailQueue) -> None:
    asked = request_mail("confirm_email", ANN, HERE, subject=Subject("u", 3, "old@example.com"))

    assert asked.expires_in == 1800
    assert queue.queued == [
        MailRequest(
            purpose="confirm_email",
            email=ANN,
            request=asked.request,
            requested_at=NOW,
            language="de",
            subject=Subject("u", 3, "old@example.com"),
        )
    ]


def test_an_address_is_mailed_five_times_and_whoever_asks_once_more_cannot_tell(
    request_mail: RequestMail, queue: FakeMailQueue
) -> None:
    asked = [request_mail("reset_password", ANN, f"192.0.2.{n}") for n in range(6)]

    assert len({each.request for each in asked}) == 6
    assert {each.expires_in for each in asked} == {1800}
    assert [queued.request for queued in queue.queued if isinstance(queued, MailRequest)] == [
        each.request for each in asked[:5]
    ]


def test_a_client_that_has_asked_twenty_times_waits_and_touches_no_address(
    request_mail: RequestMail, queue: FakeMailQueue, calls: Calls
) -> None:
    for n in range(20):
        request_mail("verify_email", f"{n}@example.com", HERE)
    calls.made.clear()

    with pytest.raises(TooManyAttempts) as refused:
        request_mail("verify_email", ANN, HERE)

    assert refused.value.retry_after == 60
    assert calls.made == ["take"]
    assert len(queue.queued) == 20


@pytest.mark.parametrize("email", [ANN, "nobody@example.com"])
def test_no_account_is_looked_at(request_mail: RequestMail, calls: Calls, email: str) -> None:
    request_mail("reset_password", email, HERE)

    assert calls.made == ["take", "take", "put"]


def test_nothing_is_promised_that_was_not_enqueued(request_mail: RequestMail, calls: Calls) -> None:
    calls.fail("put")

    with pytest.raises(Unavailable):
        request_mail("verify_email", ANN, HERE)


def test_registration_that_is_closed_asks_nobody(request_mail: RequestMail, calls: Calls) -> None:
    with pytest.raises(RegistrationClosed):
        Register(request_mail=request_mail, is_open=False)(ANN, HERE)

    assert calls.made == []
