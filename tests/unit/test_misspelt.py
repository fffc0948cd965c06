"""What `make dev` says of environment variables that were perhaps meant to be settings."""

import pytest

from dev.misspelt import SETTINGS, warnings

USUAL = """
_ AWS_ACCESS_KEY_ID AWS_DEFAULT_REGION AWS_PROFILE AWS_REGION CI CLICOLOR COLORTERM COLUMNS DBUS_SESSION_BUS_ADDRESS
DEBIAN_FRONTEND DISPLAY DOCKER_HOST EDITOR GPG_AGENT_INFO GPG_TTY HISTSIZE HOME HOSTNAME HTTPS_PROXY HTTP_PROXY
JAVA_HOME LANG LANGUAGE LC_ALL LC_CTYPE LESSOPEN LINES LOGNAME LS_COLORS MAIL MAKEFLAGS MAKELEVEL MFLAGS NODE_ENV
NODE_OPTIONS NO_PROXY NVM_DIR OLDPWD PAGER PATH PIP_INDEX_URL PORT PROMPT_COMMAND PS1 PWD PYENV_ROOT PYENV_VERSION
PYTHONPATH PYTHONUNBUFFERED SHELL SHLVL SSH_AGENT_PID SSH_AUTH_SOCK SSH_CLIENT SSH_CONNECTION SSH_TTY SUDO_USER
TEMPLATE TERM TERM_PROGRAM TERM_SESSION_ID TMPDIR TZ USER VIRTUAL_ENV VISUAL WAYLAND_DISPLAY WINDOWID XAUTHORITY
XDG_CURRENT_DESKTOP XDG_RUNTIME_DIR XDG_SESSION_ID XDG_SESSION_TYPE http_proxy no_proxy npm_config_cache
"""


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("REVOCATION_MODUS", "REVOCATION_MODE"),
        ("REVOKATION_MODE", "REVOCATION_MODE"),
        ("revocation_mode", "REVOCATION_MODE"),
        ("ACCESS_TOKEN_SECOND", "ACCESS_TOKEN_SECONDS"),
        ("ALOWED_ORIGIN", "ALLOWED_ORIGINS"),
        ("ISUER", "ISSUER"),
    ],
)
def test_a_slip_is_one_line_that_names_the_setting(typed: str, meant: str) -> None:
    assert list(warnings({typed: "x"})) == [f"{typed} is no setting and is ignored. Did you mean {meant}?"]


def test_a_usual_environment_is_no_slip() -> None:
    others = ["MY_LOG_LEVEL", "DB_CLIENT_ID", "GITHUB_CLIENT_ID", "RUST_LOG_LEVEL"]

    assert list(warnings(dict.fromkeys([*USUAL.split(), *others], "x"))) == []


def test_a_setting_is_no_slip() -> None:
    assert list(warnings(dict.fromkeys(SETTINGS, "x"))) == []


def test_a_setting_that_is_set_is_not_looked_for_under_another_name() -> None:
    assert list(warnings({"LOGLEVEL": "info", "LOG_LEVEL": "DEBUG"})) == []


def test_a_variable_of_a_function_of_yours_is_no_slip() -> None:
    assert list(warnings({"CLIENT_IDS": "a,b"})) != []
    assert list(warnings({"CLIENT_IDS": "a,b"}, known={"CLIENT_IDS"})) == []


def test_what_is_created_here_is_no_setting_of_the_shell() -> None:
    assert not {"TABLE_NAME", "KMS_KEY_ID"} & SETTINGS
    assert {"REVOCATION_MODE", "ISSUER", "DYNAMODB_ENDPOINT_URL"} <= SETTINGS
