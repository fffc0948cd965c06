"""The completion that docs/cli.md tells of, in the shells that are installed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BIN = Path(sys.executable).parent

ASK = {
    "bash": """
eval "$(_SALLYPORT_COMPLETE=bash_source sallyport)"
COMP_WORDS=({words}) COMP_CWORD={last}
_sallyport_completion sallyport
printf '%s\\n' "${{COMPREPLY[@]}}"
""",
    "fish": """
_SALLYPORT_COMPLETE=fish_source sallyport | source
complete --do-complete "{line}"
""",
}


def completed(shell: str, line: str) -> set[str]:
    """Let a shell complete the last word of a line."""
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    words = line.split(" ")
    script = ASK[shell].format(words=" ".join(f"'{word}'" for word in words), last=len(words) - 1, line=line)
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    ran = subprocess.run(
        [shell], input=script, env={**os.environ, "PATH": path}, capture_output=True, text=True, timeout=60, check=True
    )
    assert ran.stderr == ""
    return {found.split("\t")[0] for found in ran.stdout.split("\n") if found}


@pytest.mark.only_in_check
@pytest.mark.parametrize("shell", ["bash", "fish"])
@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("sallyport us", {"user"}),
        ("sallyport user set", {"set-password"}),
        ("sallyport keys promote ", {"access", "refresh"}),
        ("sallyport user show --reg", {"--region"}),
        ("sallyport --local user dis", {"disable"}),
    ],
)
def test_a_shell_completes_words(shell: str, line: str, words: set[str]) -> None:
    assert completed(shell, line) == words


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_that_is_named_gets_its_script(shell: str) -> None:
    page = (Path(__file__).parent.parent.parent / "docs/cli.md").read_text()
    assert f"_SALLYPORT_COMPLETE={shell}_source sallyport" in page

    ran = subprocess.run(
        [BIN / "sallyport"],
        env={**os.environ, "_SALLYPORT_COMPLETE": f"{shell}_source"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert f"_SALLYPORT_COMPLETE={shell}_complete" in ran.stdout
    if shutil.which(shell):
        subprocess.run([shell, "-n"], input=ran.stdout, text=True, timeout=60, check=True)
