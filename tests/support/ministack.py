"""ministack, an emulator of AWS that enforces IAM, and our stack in it. It needs no Docker and no account.

What the programs say that run here goes to standard output, where `make cloud-test` shows it.
"""

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import boto3
import httpx

from dev.sam.template import REGION, ROOT
from ops.for_ministack import without_unknown_conditions
from tests.support.built import BUILD, why_the_build_is_of_no_use
from tests.support.ports import answers, free_ports

STACK = "sallyport"
MAIL_FROM = "no-reply@example.com"

_INSTALLED = ROOT / ".venv-ministack/.installed"
_PYTHON = ROOT / ".venv-ministack/bin/python"
_ARCHITECTURES = {"x86_64": "x86_64", "aarch64": "arm64"}
_SAM = ROOT / ".venv-sam/bin/sam"
_PATIENCE_SECONDS = 300


def what_is_missing() -> str | None:
    """Say why nothing can be deployed here, and which command changes that."""
    if platform.system() != "Linux" or platform.machine() not in _ARCHITECTURES:
        return "functions are built for Linux on x86_64 and arm64, and ministack runs them on this machine"
    if not _INSTALLED.exists() or not _SAM.exists():
        return "ministack or sam is not installed: run `make ministack` (needs python3.13 on PATH)"
    return why_the_build_is_of_no_use("make ministack")


@dataclass(frozen=True)
class Ministack:
    """A running emulator. `folder` is its own, and that of whoever calls it."""

    url: str
    folder: Path

    def environment(self, access_key: str = "test", secret: str = "test") -> dict[str, str]:
        """Return the variables of a process whose calls to AWS reach this emulator and nothing else.

        By default it calls as the account itself, to which everything is allowed. It sees nobody's ~/.aws and no proxy.
        """
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SALLYPORT_"))},
            "NO_PROXY": "127.0.0.1",
            "HOME": str(self.folder),
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": access_key,
            "AWS_SECRET_ACCESS_KEY": secret,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "SAM_CLI_POLL_DELAY": "0.3",
        }

    def client(self, service: str) -> Any:
        """Make a client that calls as the account itself."""
        return boto3.client(
            service,  # type: ignore[call-overload]  # the stubs know each service by its literal name
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def mail(self, to: str, *, naming: str) -> dict[str, Any]:
        """Wait until SES has taken a mail for an address that has this text in it, and return the mail."""
        until = time.monotonic() + _PATIENCE_SECONDS
        with httpx.Client(trust_env=False) as http:
            while time.monotonic() < until:
                sent = http.get(f"{self.url}/_ministack/ses/messages").json()["messages"]
                for mail in (mail for mails in sent.values() for mail in mails):
                    if mail["To"] == [to] and naming in mail["BodyText"]:
                        return dict(mail)
                time.sleep(0.2)  # the functions need the processor, too
        raise AssertionError(f"no mail to {to} has {naming}")


@contextmanager
def ministack() -> Iterator[Ministack]:
    """Run ministack with IAM enforced, on a port of 127.0.0.1. It ends with this process, and its functions with it."""
    with TemporaryDirectory() as folder:
        yield from _running(Path(folder))


def _running(folder: Path) -> Iterator[Ministack]:
    (port,) = free_ports(1)
    log = folder / "ministack.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.keeper", str(_PYTHON), "-m", "ministack"],
            cwd=ROOT,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(folder),
                "TMPDIR": str(folder),
                "AUTH": "true",  # enforce IAM
                "BIND_HOST": "127.0.0.1",  # else every interface
                "GATEWAY_PORT": str(port),
                "MINISTACK_HOST": "127.0.0.1",
                "IOT_MTLS_ENABLED": "0",  # a listener of its own, on a fixed port
                "PYTHONDONTWRITEBYTECODE": "1",
            },
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        while not answers(port):
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.1)
                raise AssertionError(log.read_text())
        yield Ministack(f"http://127.0.0.1:{port}", folder)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(timeout=60)


@dataclass(frozen=True)
class Deployed:
    """Our stack in ministack. `url` is where its API is reached."""

    aws: Ministack
    url: str

    def physical(self, name: str) -> str:
        """Return what a resource of the template is called in the account."""
        return _physical(self.aws, name)

    def denials(self) -> list[str]:
        """Return the lines in which functions say that AWS denied them something."""
        return [line for line in self.log() if "AccessDenied" in line]

    def log(self) -> list[str]:
        """Return the lines that functions have logged, in the group that the template makes for them."""
        pages = self.aws.client("logs").get_paginator("filter_log_events")
        events = pages.paginate(logGroupName=self.physical("FunctionLogs"))
        return [event["message"] for page in events for event in page["events"]]


def deploy(aws: Ministack) -> Deployed:
    """Deploy what was built, as `make deploy` does it. Raises CalledProcessError."""
    template = aws.folder / "template.json"
    _run(aws, "-m", "ops.for_ministack", str(BUILD / "template.yaml"), str(template))
    parameters = [
        f"Architecture={_ARCHITECTURES[platform.machine()]}",
        f"MailFrom={MAIL_FROM}",
        "AppUrl=https://app.example.com",
    ]
    given = [argument for parameter in parameters for argument in ("--parameter", parameter)]
    _run(aws, "-m", "ops.deploy", "--sam", str(_SAM), "--template", str(template), *given)
    return Deployed(aws, f"{aws.url}/_aws/execute-api/{_physical(aws, 'Api')}")


def _physical(aws: Ministack, name: str) -> str:
    found = aws.client("cloudformation").describe_stack_resource(StackName=STACK, LogicalResourceId=name)
    return str(found["StackResourceDetail"]["PhysicalResourceId"])


def calling_as(aws: Ministack, name: str, policy: Mapping[str, Any]) -> dict[str, str]:
    """Make an IAM user with this policy and no other, and return the variables of a process that calls as this user."""
    iam = aws.client("iam")
    iam.create_user(UserName=name)
    document = json.dumps(without_unknown_conditions(policy))
    iam.put_user_policy(UserName=name, PolicyName="All", PolicyDocument=document)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return aws.environment(key["AccessKeyId"], key["SecretAccessKey"])


def _run(aws: Ministack, *arguments: str) -> None:
    command = [sys.executable, *arguments]
    subprocess.run(
        command, check=True, cwd=ROOT, env=aws.environment(), stdin=subprocess.DEVNULL, timeout=_PATIENCE_SECONDS
    )
