"""Make a built template a release (docs/decisions/0004-releases.md): `python -m dev.release <folder> <arch>`."""

import json
import sys
import time
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

PLACEHOLDER = "unreleased"

LONGEST_WORD = 10  # samtranslator looks no further


def release_word(seconds: int) -> str:
    """Name a release by its time, differently for every second, in the ten characters that count."""
    return f"r{seconds:x}"


def released(template: dict[str, Any], word: str, architecture: str) -> dict[str, Any]:
    """Put the word wherever the template waits for one. Raises ValueError if it waits in no function."""
    text = json.dumps(template)
    if f'"AutoPublishCodeSha256": "{PLACEHOLDER}"' not in text or f'"Release": "{PLACEHOLDER}"' not in text:
        raise ValueError("this template does not wait for a release word")
    document: dict[str, Any] = json.loads(text.replace(f'"{PLACEHOLDER}"', json.dumps(word)))
    document["Parameters"]["Architecture"]["Default"] = architecture
    return document


def main(build: Path, architecture: str) -> None:
    template = yaml_parse((build / "template.yaml").read_text())
    document = released(template, release_word(int(time.time())), architecture)
    (build / "release.json").write_text(json.dumps(document, indent=2))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
