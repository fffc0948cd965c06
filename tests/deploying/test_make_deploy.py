"""`make deploy`: no question without a terminal, nothing saved, a new release each time, and parameters as asked."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from samtranslator.yaml_helper import yaml_parse

from dev.sam.template import ROOT, TEMPLATE
from ops.deploy import chosen_parameters, environment, kept, main
from tests.deploying.standin import account

SAM = ROOT / ".venv-sam/bin/sam"
TRACKED = ROOT / "samconfig.toml"


@pytest.fixture(autouse=True)
def _somewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "us-east-1")


class Ran:
    """Stands where `sam` is run, and remembers how it was asked."""

    command: list[str]

    def __call__(self, command: list[str]) -> int:
        self.command = command
        return 0


def asked(*arguments: str, has_terminal: bool = False) -> list[str]:
    ran = Ran()
    where = ("--template", "built.yaml", "--config-file", str(TRACKED))
    assert main([*where, *arguments], has_terminal=has_terminal, run=ran) == 0
    return ran.command


@pytest.mark.skipif(not SAM.exists(), reason="sam is not installed: run `make check`")
def test_sam_deploys_an_environment_without_a_terminal_and_saves_no_answer() -> None:
    before = TRACKED.read_bytes()
    with account() as standing_in:
        command = [sys.executable, "-m", "ops.deploy", "--sam", str(SAM), "--template", str(TEMPLATE)]
        ended = subprocess.run(
            [*command, "--config", "prod", "--parameter", "Architecture=x86_64"],
            check=False,
            cwd=ROOT,
            env=standing_in.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )

    assert ended.returncode == 0, ended.stderr
    ((stack, (given,)),) = standing_in.deployed.items()
    assert (stack, standing_in.executed) == ("sallyport-prod", 1)
    assert given.pop("Release").startswith("r")
    assert given == {"LogRetentionDays": "365", "Architecture": "x86_64"}
    assert TRACKED.read_bytes() == before


def test_a_terminal_is_asked_to_confirm_and_nothing_else_is() -> None:
    assert "--no-confirm-changeset" not in asked(has_terminal=True)
    assert "--no-confirm-changeset" in asked(has_terminal=False)
    assert "--guided" not in asked(has_terminal=True)


def test_the_command_line_overrides_the_environments_parameters_and_the_release_is_named_last() -> None:
    assert chosen_parameters(["LogLevel=DEBUG", "Audience=a=b"], ["LogLevel=ERROR", "SnapStart=None"], "r1") == [
        "LogLevel=ERROR",
        "Audience=a=b",
        "SnapStart=None",
        "Release=r1",
    ]


def test_overrides_may_be_one_text_as_sam_also_takes_them() -> None:
    assert chosen_parameters('LogLevel=DEBUG Audience="x"', [], "r1") == ["LogLevel=DEBUG", "Audience=x", "Release=r1"]


def test_an_empty_value_takes_a_parameter_back() -> None:
    """Or an origin that was allowed once would be allowed for ever: what is not named keeps its value."""
    assert chosen_parameters(["AllowedOrigins=https://a.example"], ["AllowedOrigins="], "r1")[0] == 'AllowedOrigins=""'


KEYED = "ParameterKey=RevocationMode,ParameterValue=strict"


@pytest.mark.parametrize(
    "configured", [[KEYED], [KEYED, "LogLevel=DEBUG"], {"RevocationMode": "strict"}, ["RevocationMode"], ["a b=c"], 7]
)
def test_a_form_of_overrides_that_is_not_understood_is_refused_and_nothing_gets_lost(configured: object) -> None:
    with pytest.raises(ValueError, match=r"parameter_overrides in samconfig\.toml must be"):
        chosen_parameters(configured, [], "r1")


def test_what_all_commands_share_counts_as_sam_counts_it() -> None:
    document = {
        "prod": {
            "global": {"parameters": {"region": "eu-central-1", "parameter_overrides": ["RevocationMode=strict"]}},
            "deploy": {"parameters": {"region": "eu-west-1"}},
        }
    }

    assert environment(document, "prod") == {"region": "eu-west-1", "parameter_overrides": ["RevocationMode=strict"]}


def test_an_environment_that_samconfig_does_not_have_is_refused_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    command = ["--template", "built.yaml", "--config-file", str(TRACKED), "--config", "production"]

    assert main(command, has_terminal=False, run=Ran()) == 2
    assert "no environment 'production', only default, dev, staging, prod" in capsys.readouterr().err


@pytest.mark.parametrize("parameter", ["Issuer", "=x", "Release=r1", "Is suer=x", "Issuer=a b"])
def test_a_parameter_that_is_none_is_refused(parameter: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        asked("--parameter", parameter)

    assert refused.value.code == 2
    assert "--parameter" in capsys.readouterr().err


def test_make_hands_over_what_it_is_told(tmp_path: Path) -> None:
    told = ["CONFIG=staging", "ARCH=x86_64", "PARAMETERS=LogLevel=DEBUG AllowedOrigins=https://a.example"]

    shown = subprocess.run(["make", "--dry-run", "deploy", *told], cwd=ROOT, capture_output=True, text=True, check=True)

    assert "--config staging" in shown.stdout
    for parameter in ("Architecture=x86_64", "LogLevel=DEBUG", "AllowedOrigins=https://a.example"):
        assert f"--parameter {parameter}" in shown.stdout


def test_a_missing_region_is_said_before_anything_is_built(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    where = ("--template", "built.yaml", "--config-file", str(TRACKED), "--only-check")

    assert main(where, has_terminal=False, run=Ran()) == 2
    assert "no AWS region: set AWS_REGION" in capsys.readouterr().err

    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    assert main(where, has_terminal=False, run=Ran()) == 0
    assert "--region" not in asked("--config", "prod")  # sam's own order decides: samconfig, AWS_REGION, profile


@pytest.mark.parametrize("page", ["README.md", "docs/deploying.md", "docs/attaching.md"])
def test_the_first_deployment_that_a_page_shows_gives_every_parameter_without_a_default(page: str) -> None:
    declared = yaml_parse(TEMPLATE.read_text())["Parameters"]
    shown = re.search(r"^make deploy (PARAMETERS=.*)$", (ROOT / page).read_text(), re.MULTILINE)
    assert shown is not None

    assigned = shlex.split(shown[1], comments=True)[0].removeprefix("PARAMETERS=")
    given = dict(each.split("=", 1) for each in assigned.split())

    assert given.keys() == {name for name, parameter in declared.items() if "Default" not in parameter}
    assert all(re.fullmatch(declared[name]["AllowedPattern"], value) for name, value in given.items())


def test_after_a_deployment_that_failed_what_it_has_left_behind_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    where = ["--template", "built.yaml", "--config-file", str(TRACKED)]
    stays = [("AWS::DynamoDB::Table", "sallyport-Table-1A2B")]

    assert main(where, has_terminal=False, run=lambda _: 1, kept=lambda _: stays) == 1
    failed = capsys.readouterr().err
    assert main(where, has_terminal=False, run=lambda _: 0, kept=lambda _: stays) == 0

    assert "AWS::DynamoDB::Table sallyport-Table-1A2B: docs/recovery.md" in failed
    assert capsys.readouterr().err == ""


def test_what_was_left_behind_is_read_from_the_events_of_the_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    with account() as standing_in:
        for name, value in standing_in.environment().items():
            monkeypatch.setenv(name, value)
        standing_in.deployed["sallyport"] = [{}]
        nothing = kept({"stack_name": "sallyport"})
        standing_in.skipped.append(("AWS::DynamoDB::Table", "sallyport-Table-1A2B"))

        assert nothing == []
        assert kept({"stack_name": "sallyport"}) == [("AWS::DynamoDB::Table", "sallyport-Table-1A2B")]
