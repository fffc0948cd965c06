"""What help says, and what is said of a word that no command knows."""

import click
import pytest

from sallyport_cli.main import sallyport
from tests.cli.operating import run

GROUP_OF = {name: group for name, group in sallyport.commands.items() if isinstance(group, click.Group)}
COMMANDS = [f"{name} {each}" for name, group in GROUP_OF.items() for each in group.commands]


def help_of(command: str) -> str:
    ran = run(*command.split(), "--help")
    assert ran.exit_code == 0
    return ran.out


@pytest.mark.parametrize("group", ["", *GROUP_OF])
def test_no_short_text_is_cut_off_or_goes_over_the_line(group: str) -> None:
    shown = help_of(group).split("Commands:\n")[1].split("\n\n")[0].splitlines()

    assert all(line.endswith(".") and not line.endswith("...") for line in shown)
    assert all(len(line) <= 80 and line[2] != " " for line in shown)


@pytest.mark.parametrize("command", ["", *GROUP_OF, *COMMANDS])
def test_the_options_of_every_command_stand_apart_and_last(command: str) -> None:
    own, shared = help_of(command).split("\nOptions of every command:\n")

    for option in ("--json", "--stack", "--profile", "--region", "--local", "--port"):
        assert f"  {option} " not in own
        assert f"  {option} " in shared
    assert "--help" in own


@pytest.mark.parametrize("command", COMMANDS)
def test_every_argument_is_explained(command: str) -> None:
    name, each = command.split(" ")
    group = GROUP_OF[name]
    arguments = [param for param in group.commands[each].params if isinstance(param, click.Argument)]

    shown = help_of(command)

    for argument in arguments:
        assert argument.help
        assert argument.make_metavar(click.Context(group)) in shown.split("Positional arguments:\n")[1]
    assert "USER" not in shown.split("\n")[0] or "An e-mail address or a user id." in shown


@pytest.mark.usefixtures("nothing_is_done")
@pytest.mark.parametrize("group", ["", *GROUP_OF])
def test_every_example_is_understood(group: str) -> None:
    shown = help_of(group).split("Examples:\n")[1].split("\n\n")[0].splitlines()

    assert shown
    for line in shown:
        words = line.split("#")[0].split("<")[0].split()
        assert words[0] == "sallyport"
        assert "--help" in words or run(*words[1:]).err == "Error: understood\n", line


@pytest.mark.parametrize(
    ("typed", "unknown", "nearest"),
    [
        ("--bogus user list", "--bogus", None),
        ("--regoin x user list", "--regoin", "--region"),
        ("user --lcoal list", "--lcoal", "--local"),
        ("user create --rolle admin x@example.com", "--rolle", "--role"),
        ("user create x@example.com --bogus", "--bogus", None),
        ("user show --regoin x ann@example.com", "--regoin", "--region"),
        ("user show ann@example.com --regoin=x", "--regoin", "--region"),
        ("user roles ann@example.com --ad admin", "--ad", "--add"),
        ("user delete ann@example.com --yse", "--yse", "--yes"),
        ("session revoke ann@example.com --bogus", "--bogus", None),
        ("session revoke ann@example.com AAAAAAAAAAAAAAAAAAAAAA --bogus", "--bogus", None),
        ("session list -x", "-x", None),
        ("token revoke --jit AAAAAAAAAAAAAAAAAAAAAA", "--jit", "--jti"),
        ("keys promote access --drop-old", "--drop-old", "--drop-older"),
    ],
)
def test_an_option_that_does_not_exist_is_named_and_so_is_the_nearest(
    typed: str, unknown: str, nearest: str | None
) -> None:
    ran = run(*typed.split(" "))

    assert (ran.exit_code, ran.out) == (2, "")
    assert f"Error: No such option '{unknown}'." in ran.err
    assert f"'{nearest}'" in ran.err or nearest is None


def test_what_was_meant_for_an_unknown_option_is_not_repeated() -> None:
    assert "canary" not in run("user", "set-password", "ann@example.com", "--pasword=canary").err
