"""What a signed read makes of what comes back, and when it asks again: when botocore would."""

import json
import time
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any
from zlib import crc32

import pytest
from botocore.retries.standard import ThrottledRetryableChecker, TransientRetryableChecker

from sallyport.aws.calls import CallRefused
from sallyport.aws.patience import PATIENCE
from sallyport.aws.signed import calls as signed_calls
from sallyport.aws.signed.calls import SignedCalls
from sallyport.aws.signed.credentials import Credentials
from sallyport.aws.signed.wire import Answer, Broken
from sallyport.errors import AccessDenied, CallFailed, Unavailable

NOW = 1_800_000_000.0
CANARY = "canary-7be1"
GOOD = Answer(200, {}, b'{"Items": []}')


@dataclass
class FakeWire:
    """Implements Wire: gives `answers` one after the other, the last for ever, and keeps what was sent."""

    answers: list[Answer | Broken]
    netloc: str = "dynamodb.eu-central-1.amazonaws.com"
    sent: list[tuple[Mapping[str, str], bytes, bool]] = field(default_factory=list)

    def send(self, headers: Mapping[str, str], body: bytes, *, anew: bool) -> Answer:
        self.sent.append((headers, body, anew))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Broken):
            raise answer
        return answer


@pytest.fixture(autouse=True)
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    naps: list[float] = []
    monkeypatch.setattr(time, "sleep", naps.append)
    return naps


def calls_over(*answers: Answer | Broken, service: str = "dynamodb") -> tuple[SignedCalls, FakeWire]:
    wire = FakeWire(list(answers))
    calls = SignedCalls(
        service, "eu-central-1", lambda: Credentials("a", CANARY, CANARY), wire, PATIENCE, now=lambda: NOW
    )
    return calls, wire


def refusal(word: str, status: int = 400, headers: Mapping[str, str] | None = None, **more: Any) -> Answer:
    said = {"__type": f"com.amazon.coral.service#{word}", "message": CANARY, **more}
    return Answer(status, headers or {}, json.dumps(said).encode())


def test_a_request_has_what_its_api_asks_for() -> None:
    for service, target, version in (
        ("dynamodb", "DynamoDB_20120810.Query", "1.0"),
        ("kms", "TrentService.Query", "1.1"),
    ):
        calls, wire = calls_over(GOOD, service=service)
        calls.call("Query", {"Name": "ü", "Blob": b"\x00\xff"})
        ((headers, body, anew),) = wire.sent

        assert headers["x-amz-target"] == target
        assert headers["content-type"] == f"application/x-amz-json-{version}"
        assert headers["host"] == wire.netloc
        assert json.loads(body) == {"Name": "ü", "Blob": "AP8="}
        assert not anew


def test_binary_values_are_bytes_and_attributes_that_are_called_so_are_attributes() -> None:
    item = {"b": {"B": "AP8="}, "B": {"S": "AAAA"}, "Plaintext": {"M": {"B": {"N": "1"}}}, "l": {"L": [{"B": "AA=="}]}}
    calls, _ = calls_over(Answer(200, {}, json.dumps({"Items": [item]}).encode()))

    assert calls.call("Query", {})["Items"] == [
        {
            "b": {"B": b"\x00\xff"},
            "B": {"S": "AAAA"},
            "Plaintext": {"M": {"B": {"N": "1"}}},
            "l": {"L": [{"B": b"\x00"}]},
        }
    ]


def test_what_kms_opened_is_bytes() -> None:
    calls, _ = calls_over(Answer(200, {}, b'{"Plaintext": "%s"}' % b64encode(b"key")), service="kms")

    assert calls.call("Decrypt", {})["Plaintext"] == b"key"


THROTTLED: list[str] = ThrottledRetryableChecker._THROTTLED_ERROR_CODES  # type: ignore[attr-defined]
TRANSIENT: list[str] = TransientRetryableChecker._TRANSIENT_ERROR_CODES  # type: ignore[attr-defined]
STATUSES: list[int] = TransientRetryableChecker._TRANSIENT_STATUS_CODES  # type: ignore[attr-defined]

EVERY_WORD = sorted(
    {
        *THROTTLED,
        *TRANSIENT,
        "ValidationException",
        "ResourceNotFoundException",
        "ConditionalCheckFailedException",
    }
)


@pytest.mark.parametrize("word", EVERY_WORD)
def test_errors_are_repeated_once_if_botocore_would_repeat_them(word: str, naps: list[float]) -> None:
    throttled = word in THROTTLED
    is_repeated = throttled or word in TRANSIENT
    calls, wire = calls_over(refusal(word, more="m"))

    with pytest.raises(CallRefused) as raised:
        calls.call("Query", {})

    assert (raised.value.operation, raised.value.word, raised.value.answer["more"]) == ("Query", word, "m")
    assert CANARY not in repr(raised.value)
    assert [anew for _, _, anew in wire.sent] == ([False, True] if is_repeated else [False])
    assert len(naps) == is_repeated
    assert all(0 <= nap < (1 if throttled else 0.025) for nap in naps)


@pytest.mark.parametrize("status", [*range(400, 430), *range(500, 512)])
def test_statuses_are_repeated_once_if_botocore_would_repeat_them(status: int) -> None:
    calls, wire = calls_over(Answer(status, {}, b"<html>" + CANARY.encode()))

    with pytest.raises(CallRefused) as raised:
        calls.call("Query", {})

    assert str(raised.value) == f"Query {status}"
    assert len(wire.sent) == 1 + (status in STATUSES)


@pytest.mark.parametrize(
    "first", [Broken("ReadTimeoutError"), refusal("InternalServerError", 500), refusal("ThrottlingException")]
)
def test_what_passes_is_not_noticed(first: Answer | Broken) -> None:
    calls, _ = calls_over(first, GOOD)

    assert calls.call("Query", {}) == {"Items": []}


def test_what_does_not_pass_is_a_failed_call_with_botocores_word() -> None:
    calls, wire = calls_over(Broken("ConnectTimeoutError"))

    with pytest.raises(CallFailed) as raised:
        calls.call("Query", {})

    assert str(raised.value) == "ConnectTimeoutError"
    assert len(wire.sent) == PATIENCE.attempts


@pytest.mark.parametrize("word", ["AccessDeniedException", "AccessDenied"])
def test_a_call_that_the_role_may_not_make_is_denied_at_once(word: str) -> None:
    calls, wire = calls_over(refusal(word))

    with pytest.raises(AccessDenied, match=f"Query {word}"):
        calls.call("Query", {})

    assert len(wire.sent) == 1


def test_a_word_in_a_header_is_understood() -> None:
    calls, _ = calls_over(Answer(400, {"x-amzn-errortype": "ThrottlingException:http://internal.example.com/"}, b""))

    with pytest.raises(CallRefused, match=r"^Query ThrottlingException$"):
        calls.call("Query", {})


MALFORMED = [b"", b"[]", b"null", b"7", b"<html>", b"\xff\xfe", b'{"B": "no base64"}', b"[" * 100_000]


@pytest.mark.parametrize("body", MALFORMED, ids=[repr(body[:12]) for body in MALFORMED])
def test_an_answer_that_nobody_understands_is_unavailable(body: bytes) -> None:
    calls, wire = calls_over(Answer(200, {}, body))

    with pytest.raises(Unavailable, match="malformed response"):
        calls.call("Query", {})

    assert len(wire.sent) == 1


def test_an_answer_that_was_changed_on_its_way_is_asked_for_again() -> None:
    right, wrong = str(crc32(GOOD.body)), str(crc32(GOOD.body) ^ 1)
    whole, changed = (GOOD._replace(headers={"x-amz-crc32": checksum}) for checksum in (right, wrong))
    calls, wire = calls_over(changed, whole)
    assert calls.call("Query", {}) == {"Items": []}
    assert len(wire.sent) == 2

    calls, _ = calls_over(changed)
    with pytest.raises(CallFailed, match="ChecksumError"):
        calls.call("Query", {})


def test_a_clock_that_is_wrong_is_set_by_aws_once() -> None:
    theirs = NOW + 3600
    late = refusal("InvalidSignatureException", headers={"date": formatdate(theirs, usegmt=True)})
    calls, wire = calls_over(late, GOOD)
    calls.call("Query", {})
    calls.call("Query", {})

    assert [headers["x-amz-date"] for headers, _, _ in wire.sent] == ["20270115T080000Z", *["20270115T090000Z"] * 2]

    calls, wire = calls_over(late)
    with pytest.raises(CallRefused, match="InvalidSignatureException"):
        calls.call("Query", {})
    with pytest.raises(CallRefused, match="InvalidSignatureException"):
        calls.call("Query", {})
    assert len(wire.sent) == 3  # a clock that is right by now is not the reason


@pytest.mark.parametrize("headers", [{}, {"date": "yesterday"}, {"date": formatdate(NOW + 60, usegmt=True)}])
def test_a_signature_that_is_wrong_for_another_reason_is_not_repeated(headers: Mapping[str, str]) -> None:
    calls, wire = calls_over(refusal("InvalidSignatureException", headers=headers))

    with pytest.raises(CallRefused):
        calls.call("Query", {})

    assert len(wire.sent) == 1


def test_naps_differ(naps: list[float]) -> None:
    calls, _ = calls_over(Broken("ReadTimeoutError"))
    for _ in range(20):
        with pytest.raises(CallFailed):
            calls.call("Query", {})

    assert len(set(naps)) > 10
    assert signed_calls._LONGEST_NAP["dynamodb"] > max(naps)
