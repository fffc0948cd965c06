"""The installed `sallyport` on a running `make dev`, as an operator tries it out."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dev import demo
from tests.deployed import PASSWORD
from tests.e2e.conftest import Server, running
from tests.ports import free_ports

COMMAND = Path(sys.executable).parent / "sallyport"
DAY = 86_400


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server of our own: its keys and its clock are changed for good."""
    with running() as server:
        yield server


def environment(server: Server) -> dict[str, str]:
    """Let AWS be a place that must not be asked: no profile, no region, nobody at its endpoints or a proxy."""
    (closed,) = free_ports(1)
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SALLYPORT_"))}
    return {
        **ours,
        "AWS_PROFILE": "nobody",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{closed}",
        "HTTP_PROXY": f"http://127.0.0.1:{closed}",
        "SALLYPORT_PORT": server.url.rpartition(":")[2],
    }


def sallyport(server: Server, *arguments: str, typed: str = "") -> Any:
    ran = subprocess.run(
        [COMMAND, "--local", "--json", *arguments],
        env=environment(server),
        input=typed,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    return json.loads(ran.stdout)


def test_what_the_command_revokes_the_running_api_refuses_within_five_seconds_whatever_its_clock_shows(
    server: Server,
) -> None:
    server.advance(3600)
    tokens = server.log_in()
    assert server.me(tokens["access_token"]).status_code == 200

    done = sallyport(server, "user", "revoke", demo.EMAIL)

    server.advance(5)
    assert done["changed"]
    assert server.me(tokens["access_token"]).status_code == 403
    assert server.post("/auth/refresh", {"refresh_token": tokens["refresh_token"]}).status_code == 401


def test_a_user_who_was_created_logs_in(server: Server) -> None:
    created = sallyport(server, "user", "create", "ann@example.com", "--password-stdin", typed=PASSWORD)

    answer = server.post("/auth/login", {"email": "ann@example.com", "password": PASSWORD})

    assert answer.status_code == 200
    (session,) = sallyport(server, "session", "list", created["user_id"])["sessions"]
    assert session["sid"] == answer.json()["session_id"]


def test_a_promoted_key_signs_and_what_the_dropped_one_signed_is_refused(server: Server) -> None:
    server.advance(DAY)
    old = server.log_in()["access_token"]
    assert sallyport(server, "token", "inspect", typed=old)["accepted"]

    done = sallyport(server, "keys", "promote", "access", "--drop-older", "--yes")

    server.advance(61)
    assert server.me(old).status_code == 403
    assert not sallyport(server, "token", "inspect", typed=old)["signed_by_this_stack"]
    assert sallyport(server, "token", "inspect", typed=server.log_in()["access_token"])["accepted"]
    active = [key["kid"] for key in sallyport(server, "keys", "list")["keys"] if key["state"] == "active"]
    assert done["signing_from_now_on"] in active


def test_an_event_that_rotate_keys_refuses_has_failed(server: Server) -> None:
    answer = server.post("/_dev/rotate_keys", {"promote": "acess"})

    assert (answer.status_code, answer.json()) == (200, {"failed": "InvalidRequest"})


def test_at_a_terminal_the_password_is_asked_for_twice_and_never_shown(server: Server) -> None:
    operator, terminal = pty.openpty()
    command = subprocess.Popen(
        [COMMAND, "--local", "user", "create", "bob@example.com"],
        env=environment(server),
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,  # so that no terminal but this one can be asked
    )
    os.close(terminal)
    shown = read_until(operator, b"Password: ")
    os.write(operator, f"{PASSWORD}\n".encode())
    shown += read_until(operator, b"confirmation: ")
    os.write(operator, f"{PASSWORD}\n".encode())
    shown += read_until(operator, None)
    os.close(operator)

    assert command.wait(timeout=60) == 0
    assert b"bob@example.com" in shown
    assert PASSWORD.encode() not in shown
    assert server.post("/auth/login", {"email": "bob@example.com", "password": PASSWORD}).status_code == 200


def read_until(terminal: int, end: bytes | None) -> bytes:
    """Read what a terminal shows, until it shows `end`, or nobody writes to it any more."""
    shown = b""
    while end is None or not shown.endswith(end):
        try:
            chunk = os.read(terminal, 1024)
        except OSError:  # Linux's way to say that it was closed
            break
        if not chunk:
            break
        shown += chunk
    return shown
