"""The installed `sallyport` on a running `make dev`, as an operator tries it out."""

import json
import os
import pty
import shutil
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dev import demo
from tests.e2e.conftest import Server, running
from tests.e2e.test_walkthrough import blocks
from tests.support.deployed import PASSWORD
from tests.support.ports import free_ports

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


def test_what_is_changed_can_be_audited_and_is_an_event(server: Server) -> None:
    created = sallyport(
        server, "user", "create", "dan@example.com", "--role", "admin", "--password-stdin", typed=PASSWORD
    )
    sallyport(server, "user", "delete", "dan@example.com", "--yes")

    entries = sallyport(server, "audit", created["user_id"])["entries"]
    events = [event["detail"] for event in server.request("GET", "/_dev/events").json()["events"]]

    told = [("user.created", "operator:local"), ("user.deleted", "operator:local")]
    assert [(entry["action"], entry["by"]) for entry in entries] == told
    ours = [event for event in events if event["about"] == created["user_id"]]
    assert [(event["action"], event["by"]) for event in ours] == told
    assert (ours[0]["stack"], ours[0]["roles_after"]) == ("sallyport", "admin")
    assert "dan@example.com" not in str(events)
    assert {event["about"] for event in events} >= {":keys"}


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
    with at_a_terminal(server, "user", "create", "bob@example.com") as command:
        command.says("Password: ")
        command.types(f"{PASSWORD}\n")
        command.says("confirmation: ")
        command.types(f"{PASSWORD}\n")
        command.ends(0)

    assert "bob@example.com" in command.shown
    assert PASSWORD not in command.shown
    assert server.post("/auth/login", {"email": "bob@example.com", "password": PASSWORD}).status_code == 200


@pytest.mark.parametrize(("answer", "exit_code", "status"), [("n", 1, 200), ("", 1, 200), ("y", 0, 401)])
def test_at_a_terminal_a_deletion_says_whom_it_means_and_asks(
    server: Server, answer: str, exit_code: int, status: int
) -> None:
    email = f"carol-{answer or 'nothing'}@example.com"
    created = sallyport(server, "user", "create", email, "--password-stdin", typed=PASSWORD)

    with at_a_terminal(server, "user", "delete", email) as command:
        command.says("Go on? [y/N]: ")
        command.types(f"{answer}\n")
        command.ends(exit_code)

    assert f"{email} ({created['user_id']}) will be deleted for good on `make dev`" in command.shown
    assert server.post("/auth/login", {"email": email, "password": PASSWORD}).status_code == status


@pytest.mark.parametrize("columns", [20, 60, 200])
def test_in_a_terminal_of_any_width_identifiers_can_be_copied(server: Server, columns: int) -> None:
    sid = server.log_in()["session_id"]
    kids = [key["kid"] for key in sallyport(server, "keys", "list")["keys"]]

    with at_a_terminal(server, "keys", "list", columns=columns) as keys:
        keys.ends(0)
    with at_a_terminal(server, "session", "list", demo.EMAIL, columns=columns) as sessions:
        sessions.ends(0)

    assert all(kid in keys.shown for kid in kids)
    assert sid in sessions.shown
    rows = [line for line in keys.shown.splitlines() if kids[0] in line]
    assert ("RS256" in rows[0]) == (columns == 200)  # one row, or one line for each value


def test_what_was_done_and_cannot_be_shown_is_one_line(server: Server) -> None:
    tokens = server.log_in()

    ran = subprocess.run(
        ["bash", "-c", f"{COMMAND} --local user revoke {demo.EMAIL} >/dev/full"],
        env=environment(server),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ran.returncode == 1
    assert ran.stderr == (
        "Error: the command was carried out, but what came of it cannot be written to standard output:"
        " No space left on device\n"
    )
    assert server.post("/auth/refresh", {"refresh_token": tokens["refresh_token"]}).status_code == 401


def test_with_a_closed_standard_output_nothing_is_done(server: Server) -> None:
    tokens = server.log_in()

    ran = subprocess.run(
        ["bash", "-c", f"{COMMAND} --local user revoke {demo.EMAIL} >&-"],
        env=environment(server),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (ran.returncode, ran.stderr) == (1, "Error: standard output is closed\n")
    assert server.post("/auth/refresh", {"refresh_token": tokens["refresh_token"]}).status_code == 200


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_lines_of_the_readme_do_what_it_says(server: Server) -> None:
    """Pasted into the shell in which the README has logged in."""
    _, log_in, _ = blocks("README.md", "Try it")
    operate, printed = blocks("README.md", "Operate")
    lines = f"{log_in}\n{operate}\n".replace("http://127.0.0.1:8787", server.url)

    pasted = subprocess.run(
        ["bash"],
        input=lines.replace(".venv/bin/sallyport", str(COMMAND)),
        env=environment(server),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert pasted.stderr == ""
    expected = [line.split("  ")[0] for line in printed.splitlines()]
    shown = [line.split("  ")[0] for line in pasted.stdout.splitlines()]
    assert expected[-2] == "..."
    assert [line for line in expected if line in shown] == [line for line in expected if line != "..."]
    assert "refused because       its session was revoked" in pasted.stdout


@dataclass
class AtATerminal:
    """A command that runs at a terminal of its own."""

    process: "subprocess.Popen[bytes]"
    operator: int
    shown: str = ""

    def says(self, end: str) -> None:
        self.shown += read_until(self.operator, end.encode()).decode()
        assert self.shown.endswith(end)

    def types(self, text: str) -> None:
        os.write(self.operator, text.encode())

    def ends(self, exit_code: int) -> None:
        self.shown += read_until(self.operator, None).decode()
        assert self.process.wait(timeout=60) == exit_code, self.shown


@contextmanager
def at_a_terminal(server: Server, *arguments: str, columns: int = 80) -> Iterator[AtATerminal]:
    operator, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, (24, columns))
    process = subprocess.Popen(
        [COMMAND, "--local", *arguments],
        env={**environment(server), "TERM": "xterm", "COLUMNS": str(columns)},  # whatever started the tests has
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,  # so that no terminal but this one can be asked
    )
    os.close(terminal)
    with process:
        yield AtATerminal(process, operator)
    os.close(operator)


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
