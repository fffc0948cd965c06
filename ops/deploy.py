"""`make deploy`: deploy what was built, as a release of its own (docs/decisions/0004-releases.md).

The parameters are those of the environment in samconfig.toml, then those of the command line, then the release. What
neither names keeps the value that the stack has. Without a terminal nothing is asked; no answer is written anywhere.
"""

import argparse
import os
import shlex
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import boto3

LONGEST_RELEASE = 10
"""SAM tells two releases apart by their first ten characters."""


def release_at(seconds: int) -> str:
    """Return the name of a release that is made at a second since the epoch, different for every second."""
    return f"r{seconds:x}"


def chosen_parameters(environments: Mapping[str, Any], name: str, given: Sequence[str], release: str) -> list[str]:
    """Return the parameters of a deployment as `NAME=VALUE`, each name once.

    Raises ValueError if samconfig.toml has no environment of this name.
    """
    if not isinstance(environments.get(name), Mapping):
        known = ", ".join(key for key, value in environments.items() if isinstance(value, Mapping))
        raise ValueError(f"samconfig.toml has no environment {name!r}, only {known}")
    configured = environments[name].get("deploy", {}).get("parameters", {}).get("parameter_overrides", [])
    configured = shlex.split(configured) if isinstance(configured, str) else configured
    pairs = [pair.partition("=") for pair in (*configured, *given, f"Release={release}")]
    return [f"{key}={value}" for key, value in {key: value for key, _, value in pairs}.items()]


def main(arguments: Sequence[str], *, has_terminal: bool, run: Callable[[list[str]], int]) -> int:
    """Run `sam deploy` and return its exit code, or 2 if it cannot be asked."""
    asked = _parser().parse_args(arguments)
    config: Path = asked.config_file.resolve()
    try:
        environments = tomllib.loads(config.read_text())
        parameters = chosen_parameters(environments, asked.config, asked.parameter, release_at(int(time.time())))
        region = _region(environments[asked.config])
    except (OSError, ValueError) as error:
        print(f"Cannot deploy: {error}", file=sys.stderr)
        return 2
    if asked.only_check:
        return 0
    return run(
        [
            asked.sam,
            "deploy",
            *("--config-file", str(config)),
            *("--config-env", asked.config),
            *("--template-file", str(asked.template)),
            *("--region", region),
            *(() if has_terminal else ("--no-confirm-changeset",)),
            *("--parameter-overrides", *parameters),
        ]
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m ops.deploy", description=__doc__)
    parser.add_argument("--sam", default="sam", help="the sam command")
    parser.add_argument("--template", type=Path, required=True, help="the built template")
    parser.add_argument("--config", default="default", metavar="NAME", help="an environment of samconfig.toml")
    parser.add_argument("--config-file", type=Path, default=Path("samconfig.toml"))
    parser.add_argument("--only-check", action="store_true", help="say what is missing, before anything is built")
    parser.add_argument("--parameter", type=_parameter, action="append", default=[], metavar="NAME=VALUE")
    return parser


def _region(environment: Mapping[str, Any]) -> str:
    """Return the region to deploy to. Raises ValueError if nothing names one."""
    named = environment.get("deploy", {}).get("parameters", {}).get("region")
    region = named or os.environ.get("AWS_REGION") or boto3.Session().region_name
    if region is None:
        raise ValueError("no AWS region: set AWS_REGION, or give your AWS profile one")
    return str(region)


def _parameter(text: str) -> str:
    name, equals, _ = text.partition("=")
    if not name.isalnum() or not equals or any(map(str.isspace, text)):
        raise argparse.ArgumentTypeError("write NAME=VALUE, without spaces")
    if name == "Release":
        raise argparse.ArgumentTypeError("the release is named here, by the time")
    return text


def _run(command: list[str]) -> int:
    return subprocess.run(command, check=False, env={**os.environ, "SAM_CLI_TELEMETRY": "0"}).returncode  # noqa: S603


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], has_terminal=sys.stdin.isatty(), run=_run))
