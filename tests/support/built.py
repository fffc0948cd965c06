"""What `make build` has left."""

from collections.abc import Iterator
from pathlib import Path

from dev.sam.template import ROOT

BUILD = ROOT / ".aws-sam/build"


def why_the_build_is_of_no_use(command: str) -> str | None:
    """Say that nothing is built, or that it is older than its source, and that `command` changes that."""
    built = BUILD / ".checked"
    if not built.exists():
        return f"nothing is built: run `{command}` (needs python3.13 on PATH)"
    if any(source.stat().st_mtime > built.stat().st_mtime for source in _sources()):
        return f"what is built is older than its source: run `{command}` (needs python3.13 on PATH)"
    return None


def _sources() -> Iterator[Path]:
    """What the build depends on, as the Makefile has it."""
    yield ROOT / "template.yaml"
    for folder in ("functions", "layers"):
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path
