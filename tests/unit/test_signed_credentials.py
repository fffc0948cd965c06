"""The credentials of signed reads: the environment's, or those of the endpoint that SnapStart has instead."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from sallyport.aws.signed.credentials import RENEWED_BEFORE, Credentials, FromContainer, find
from sallyport.errors import CallFailed
from tests.support.endpoint import Reply, serving

NOW = 1_800_000_000
SECRET = "canary-of-the-secret"
HOUR = 3600


def at(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class Container:
    """The endpoint, and the clock of the environment. `answers` are given one after the other, the last for ever."""

    url: str = ""
    now: float = NOW
    asked: int = 0
    answers: list[Reply] = field(default_factory=list)

    def give(self, *, until: int, **changed: Any) -> None:
        told = {"AccessKeyId": f"A{until}", "SecretAccessKey": SECRET, "Token": "t", "Expiration": at(until), **changed}
        self.answers = [Reply(200, json.dumps(told).encode())]

    def source(self) -> FromContainer:
        return FromContainer(self.url, "Basic word", now=lambda: self.now)

    def reply(self, path: str, _body: bytes) -> Reply:
        assert path == "/2024/credentials?of=it"
        self.asked += 1
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@contextmanager
def _containers() -> Iterator[Container]:
    container = Container()
    with serving(container.reply) as endpoint:
        container.url = f"{endpoint.url}/2024/credentials?of=it"
        yield container


@pytest.fixture
def container() -> Iterator[Container]:
    with _containers() as container:
        yield container


def test_the_environments_own_come_first_with_their_token() -> None:
    environ = {
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
        "AWS_SESSION_TOKEN": "c",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1/unasked",
    }
    source = find(environ)

    assert source is not None
    assert source() == Credentials("a", "b", "c")


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"AWS_ACCESS_KEY_ID": "a"},
        {"AWS_PROFILE": "p", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"},
        {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/of-ecs"},
        {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1/",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/of-eks",
        },
    ],
    ids=["none", "half", "a profile", "ECS", "EKS"],
)
def test_what_a_function_does_not_have_is_left_to_botocore(environ: Mapping[str, str]) -> None:
    assert find(environ) is None


def test_the_containers_are_asked_for_once_and_renewed_before_they_end(container: Container) -> None:
    container.give(until=NOW + HOUR)
    source = container.source()
    assert [source().access_key for _ in range(3)] == [f"A{NOW + HOUR}"] * 3
    assert container.asked == 1

    container.give(until=NOW + 2 * HOUR)
    container.now = NOW + HOUR - RENEWED_BEFORE - 1
    assert source().access_key == f"A{NOW + HOUR}"
    container.now += 1
    assert source().access_key == f"A{NOW + 2 * HOUR}"
    assert container.asked == 2


def test_while_they_cannot_be_renewed_they_are_used_to_their_end(container: Container) -> None:
    container.give(until=NOW + HOUR)
    source = container.source()
    source()
    container.answers = [Reply(500, b"")]

    container.now = NOW + HOUR - 1
    assert source().access_key == f"A{NOW + HOUR}"
    asked = container.asked
    assert source().access_key == f"A{NOW + HOUR}"
    assert container.asked == asked  # it is not asked for every request
    container.now += 1
    with pytest.raises(CallFailed, match="CredentialRetrievalError"):
        source()


def test_an_environment_that_was_frozen_past_their_end_gets_new_ones(container: Container) -> None:
    container.give(until=NOW + HOUR)
    source = container.source()
    source()
    container.give(until=NOW + 50 * HOUR)
    container.now = NOW + 40 * HOUR

    assert source().access_key == f"A{NOW + 50 * HOUR}"


def test_one_failure_of_the_endpoint_is_tried_again(container: Container) -> None:
    container.give(until=NOW + HOUR)
    container.answers.insert(0, Reply(503, b""))

    assert container.source()().access_key == f"A{NOW + HOUR}"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"\xff",
        b'{"Code": "AccessDenied"}',
        json.dumps({"AccessKeyId": 7, "SecretAccessKey": SECRET}).encode(),
        json.dumps({"AccessKeyId": "a", "SecretAccessKey": ""}).encode(),
        json.dumps({"AccessKeyId": "a", "SecretAccessKey": SECRET, "Token": 7}).encode(),
        json.dumps({"AccessKeyId": "a", "SecretAccessKey": SECRET, "Expiration": "soon"}).encode(),
        json.dumps({"AccessKeyId": "a", "SecretAccessKey": SECRET}).encode()[:-1],
    ],
)
def test_an_answer_that_holds_no_credentials_is_a_failed_call_that_repeats_nothing(
    container: Container, body: bytes
) -> None:
    container.answers = [Reply(200, body)]

    with pytest.raises(CallFailed) as raised:
        container.source()()

    assert str(raised.value) == "CredentialRetrievalError"
    assert raised.value.__suppress_context__ or raised.value.__context__ is None


def test_a_token_that_is_no_header_is_a_failed_call_that_does_not_show_it(container: Container) -> None:
    with pytest.raises(CallFailed) as raised:
        FromContainer(container.url, f"{SECRET}\r\nx: y")()

    assert raised.value.__suppress_context__
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize("url", ["http://example.com/", "https://127.0.0.1/", "http://169.254.169.254/", "file:///etc"])
def test_nobody_else_is_told_the_token(url: str) -> None:
    with pytest.raises(CallFailed):
        FromContainer(url, "word")


def test_credentials_do_not_show_themselves() -> None:
    shown = repr(Credentials("key-id", SECRET, "session-token", 7.0))

    assert shown == str(Credentials("key-id", SECRET, "session-token", 7.0)) == "Credentials(ends_at=7.0)"
