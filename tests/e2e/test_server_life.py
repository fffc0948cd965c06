"""How the local server starts, ends and refuses to start: one line, no traceback."""

import socket

import pytest

from dev.__main__ import _listen
from tests.e2e.conftest import Process, running
from tests.support.engines import dynoxide

GUARDED = "examples/protected_http/template.yaml"


def test_it_listens_on_the_loopback_address_and_ctrl_c_ends_it_cleanly_with_one_line() -> None:
    with running() as server:
        assert server.url.startswith("http://127.0.0.1:")
        server.log_in()
        before = server.process.said

        assert server.process.interrupt() == 0
        assert server.process.said.removeprefix(before) == "Stopped.\n"


def test_a_busy_port_is_one_line() -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        process = Process(PORT=str(port))

        assert process.wait() == 1
    assert process.said == f"Cannot start: 127.0.0.1:{port}: Address already in use; PORT= chooses another one\n"


@pytest.mark.parametrize("port", ["http", "70000", "-1"])
def test_a_port_that_is_none_is_one_line(port: str) -> None:
    process = Process(PORT=port)

    assert process.wait() == 1
    assert process.said.startswith("Cannot start: PORT must be a number up to 65535")
    assert process.said.count("\n") == 1


def test_bad_settings_are_one_line_that_names_them_all() -> None:
    process = Process(REVOCATION_MODE="sometimes", ACCESS_TOKEN_SECONDS="1", ALLOWED_HEADERS="*")

    assert process.wait() == 1
    assert process.said.count("\n") == 1
    assert "REVOCATION_MODE must be one of bounded, strict, stateless" in process.said
    assert "ACCESS_TOKEN_SECONDS must be a whole number from 60 to 3600" in process.said
    assert "ALLOWED_HEADERS must be names of headers" in process.said


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "nonsense"])
def test_an_engine_that_does_not_answer_is_one_line(url: str) -> None:
    process = Process(DYNAMODB_ENDPOINT_URL=url)

    assert process.wait() == 1
    assert process.said.startswith("Cannot start: DYNAMODB_ENDPOINT_URL: ")
    assert process.said.count("\n") == 1


def test_another_engine_can_be_used() -> None:
    with dynoxide() as url, running(DYNAMODB_ENDPOINT_URL=url) as server:
        tokens = server.log_in()
        assert server.me(tokens["access_token"]).status_code == 200


def test_a_setting_is_overridden_by_the_variable_of_its_name() -> None:
    with running("--template", GUARDED, REVOCATION_MODE="stateless", ACCESS_TOKEN_SECONDS="60") as server:
        tokens = server.log_in()
        server.post("/auth/logout", {"refresh_token": tokens["refresh_token"]})

        assert tokens["expires_in"] == 60
        assert server.get("/orders", tokens["access_token"]).status_code == 200  # stateless: until exp
        server.advance(60)
        assert server.get("/orders", tokens["access_token"]).status_code == 403


def test_the_functions_log_begins_when_the_server_is_ready() -> None:
    with running() as server:
        assert server.process.printed[0].startswith("READY ")
        assert server.process.logged == []

        server.log_in()

        assert len(server.process.logged) == 1


def test_a_setting_that_is_nearly_spelt_right_is_one_line_that_names_it() -> None:
    with running(REVOCATION_MODUS="strict") as server:
        told = "REVOCATION_MODUS is no setting and is ignored. Did you mean REVOCATION_MODE?\n"

        assert server.process.said.count("REVOCATION_MODUS") == 1
        assert told in server.process.said.partition("READY")[0]


def test_answers_are_not_held_back_for_the_next_packet() -> None:
    """asyncio turns Nagle's algorithm off only where the protocol is named; with it every answer waits 40 ms."""
    with _listen("0") as listener:
        assert listener.proto == socket.IPPROTO_TCP
