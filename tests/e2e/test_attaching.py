"""The lines that docs/attaching.md and the README show work when they are pasted into a template."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.e2e.conftest import Process, running
from tests.e2e.test_gateway import own_answer
from tests.support.snippets import ATTACHING_PAGES, paste, snippet


@pytest.mark.parametrize("page", ATTACHING_PAGES)
def test_what_is_pasted_lets_a_real_token_in_and_nothing_else(page: str, tmp_path: Path) -> None:
    with running("--template", str(paste(page, tmp_path)), CONTEXT_ROLES="true") as server:
        token = server.log_in()["access_token"]
        sub = server.me(token).json()["sub"]

        assert server.get("/orders", token).json() == {"sub": sub, "roles": ["demo"]}
        assert own_answer(server.get("/orders", "x.y.z")) == (403, {"message": "Forbidden"})
        assert own_answer(server.request("GET", "/orders")) == (401, {"message": "Unauthorized"})


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_lines_for_the_shell_call_the_route_with_a_token(tmp_path: Path) -> None:
    lines = snippet("docs/attaching.md", "bash")

    with running("--template", str(paste("docs/attaching.md", tmp_path))) as server:
        typed = lines.replace("http://127.0.0.1:8787", server.url)
        pasted = subprocess.run(["bash"], input=typed, capture_output=True, text=True, timeout=60, check=True)

    assert json.loads(pasted.stdout)["roles"] == []


def test_the_page_and_the_readme_show_the_same_lines() -> None:
    for language in ("yaml", "python"):
        assert len({snippet(page, language) for page in ATTACHING_PAGES}) == 1


def test_without_the_parameter_make_dev_says_what_is_missing(tmp_path: Path) -> None:
    template = paste("docs/attaching.md", tmp_path)
    template.write_text(re.sub(r"Parameters:\n(  .*\n)+", "", template.read_text()))

    process = Process("--template", str(template))

    assert process.wait() == 1
    assert "it refers to SallyportStack and declares no parameter or resource of that name" in process.said
