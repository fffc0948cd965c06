"""`make deploy`: deploy what was built, as a release of its own (docs/decisions/0004-releases.md).

The parameters are those of the environment in samconfig.toml, then those of the command line, then the release. What
neither names keeps the value that the stack has. Without a terminal nothing is asked; no answer is written anywhere.
After a deployment that failed, what it has left behind is named.
"""

import argparse
import os
import re
import shlex
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from ops.left_behind import left_behind

EMPTY = '""'
"""How sam is told an empty value."""

_PAIR = re.compile(r"(?!ParameterKey=)([A-Za-z0-9]+)=(\S*)")

_NOT_UNDERSTOOD = 'parameter_overrides in samconfig.toml must be ["Name=Value", ...], without spaces'

LONGEST_RELEASE = 10
"""SAM tells two releases apart by their first ten characters."""


def release_at(seconds: int) -> str:
    """Return the name of a release that is made at a second since the epoch, different for every second."""
    return f"r{seconds:x}"


def chosen_parameters(configured: object, given: Sequence[str], release: str) -> list[str]:
    """Return the parameters of a deployment as `NAME=VALUE`, each name once. `configured` is what samconfig.toml has.

    An empty value empties the parameter. Raises ValueError for a form of `configured` that is not understood: a setting
    that got lost would be worse.
    """
    texts = shlex.split(configured) if isinstance(configured, str) else configured
    if not isinstance(texts, list):
        raise ValueError(_NOT_UNDERSTOOD)
    values: dict[str, str] = {}
    for text in (*texts, *given, f"Release={release}"):
        pair = _PAIR.fullmatch(str(text))
        if pair is None:
            raise ValueError(_NOT_UNDERSTOOD)
        values[pair[1]] = pair[2]
    return [f"{name}={value or EMPTY}" for name, value in values.items()]


def environment(document: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return what samconfig.toml says of deploying an environment, as sam reads it: `deploy` goes before `global`.

    Raises ValueError if there is no environment of this name.
    """
    if not isinstance(document.get(name), Mapping):
        known = ", ".join(key for key, value in document.items() if isinstance(value, Mapping))
        raise ValueError(f"samconfig.toml has no environment {name!r}, only {known}")
    return {**_parameters(document[name], "global"), **_parameters(document[name], "deploy")}


def _parameters(of: Mapping[str, Any], command: str) -> dict[str, Any]:
    return dict(of.get(command, {}).get("parameters", {}))


def kept(configured: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return type and name of what the stack has left behind, nothing if AWS does not say."""
    try:
        session = boto3.Session(
            profile_name=configured.get("profile"), region_name=configured.get("region") or os.environ.get("AWS_REGION")
        )
        return list(left_behind(session.client("cloudformation"), configured["stack_name"]))
    except (BotoCoreError, ClientError):
        return []


def main(
    arguments: Sequence[str],
    *,
    has_terminal: bool,
    run: Callable[[list[str]], int],
    kept: Callable[[Mapping[str, Any]], Iterable[tuple[str, str]]] = kept,
) -> int:
    """Run `sam deploy` and return its exit code, or 2 if it cannot be asked."""
    asked = _parser().parse_args(arguments)
    config: Path = asked.config_file.resolve()
    try:
        configured = environment(tomllib.loads(config.read_text()), asked.config)
        overrides = configured.get("parameter_overrides", [])
        parameters = chosen_parameters(overrides, asked.parameter, release_at(int(time.time())))
        _require_region(configured)
    except (OSError, ValueError) as error:
        print(f"Cannot deploy: {error}", file=sys.stderr)
        return 2
    if asked.only_check:
        return 0
    ended = run(
        [
            asked.sam,
            "deploy",
            *("--config-file", str(config)),
            *("--config-env", asked.config),
            *("--template-file", str(asked.template)),
            *(() if has_terminal else ("--no-confirm-changeset",)),
            *("--parameter-overrides", *parameters),
        ]
    )
    for kind, name in kept(configured) if ended else ():
        print(f"The stack has left behind {kind} {name}: docs/recovery.md says what to do with it.", file=sys.stderr)
    return ended


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m ops.deploy", description=__doc__)
    parser.add_argument("--sam", default="sam", help="the sam command")
    parser.add_argument("--template", type=Path, required=True, help="the built template")
    parser.add_argument("--config", default="default", metavar="NAME", help="an environment of samconfig.toml")
    parser.add_argument("--config-file", type=Path, default=Path("samconfig.toml"))
    parser.add_argument("--only-check", action="store_true", help="say what is missing, before anything is built")
    parser.add_argument("--parameter", type=_parameter, action="append", default=[], metavar="NAME=VALUE")
    return parser


def _require_region(configured: Mapping[str, Any]) -> None:
    """Raise ValueError unless something names the region that sam will deploy to."""
    if configured.get("region") or os.environ.get("AWS_REGION"):
        return
    try:
        region = boto3.Session(profile_name=configured.get("profile")).region_name
    except BotoCoreError as error:
        raise ValueError(str(error)) from None
    if region is None:
        raise ValueError("no AWS region: set AWS_REGION, or give your AWS profile one")


def _parameter(text: str) -> str:
    found = _PAIR.fullmatch(text)
    if found is None:
        raise argparse.ArgumentTypeError("write NAME=VALUE, without spaces; NAME= empties a parameter")
    if found[1] == "Release":
        raise argparse.ArgumentTypeError("the release is named here, by the time")
    return text


def _run(command: list[str]) -> int:
    region = (
        {"AWS_DEFAULT_REGION": os.environ["AWS_REGION"]} if "AWS_REGION" in os.environ else {}
    )  # sam reads this one
    environ = {**region, **os.environ, "SAM_CLI_TELEMETRY": "0"}
    return subprocess.run(command, check=False, env=environ).returncode  # noqa: S603


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], has_terminal=sys.stdin.isatty(), run=_run))
