"""What hatchling does before it builds a wheel, as `pipx install .` asks it to: make the blocklists that ship in it."""

import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).parent.parent
CORE = ROOT / "layers" / "core"


class MakeBlocklists(BuildHookInterface[BuilderConfig]):
    """Makes the blocklists. Leaves an editable installation alone: there the Makefile makes them."""

    def dependencies(self) -> list[str]:
        """Return what must be installed to make them, in the versions of the lock file."""
        lines = (CORE / "blocklists.txt").read_text().splitlines()
        return [line.split()[0] for line in lines if "==" in line]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Make them, in a process that knows nothing of hatchling."""
        if version != "editable":
            folder = CORE / "sallyport" / "accounts" / "blocklists"
            subprocess.run([sys.executable, CORE / "make_blocklists.py", folder], check=True)  # noqa: S603
