"""Docker: whether it runs here, and at which address its containers reach this machine."""

import platform
import shutil
import socket
import subprocess
from dataclasses import dataclass
from ipaddress import ip_network

_IMAGE = "public.ecr.aws/lambda/python:3.13-{}"
_DESKTOP_NAME = "host.docker.internal"  # Docker Desktop leads it to 127.0.0.1 of the machine itself


class NoDockerError(Exception):
    """Docker is not installed, or not running."""


@dataclass(frozen=True)
class Reach:
    """Where a server listens so that containers reach it, and what they call it."""

    address: str
    name: str


def reach() -> Reach:
    """Return how containers reach this machine. Raises NoDockerError.

    On Linux that is the address of Docker's bridge. Other containers reach it, and a host on the same network may, too.
    """
    if shutil.which("docker") is None:
        raise NoDockerError("make sam-local needs Docker, which is not installed; make dev needs none")
    subnet = _docker("network", "inspect", "bridge", "--format", "{{(index .IPAM.Config 0).Subnet}}")
    if not subnet:
        raise NoDockerError("make sam-local needs Docker, which does not answer: is it running? make dev needs none")
    bridge = str(next(ip_network(subnet).hosts()))
    return Reach(bridge, bridge) if _is_ours(bridge) else Reach("127.0.0.1", _DESKTOP_NAME)


def architecture() -> str:
    """Return this machine's architecture, as Lambda calls it."""
    return "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"


def has_image() -> bool:
    """Return whether the image of the functions' runtime is here already, so that no registry has to be asked."""
    return _docker("image", "inspect", _IMAGE.format(architecture())) is not None


def _docker(*arguments: str) -> str | None:
    ended = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)  # noqa: S603, S607
    return ended.stdout.strip() if ended.returncode == 0 else None


def _is_ours(address: str) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True
