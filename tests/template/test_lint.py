"""cfn-lint's word on what a team copies. `make template` asks it about the examples' templates, too."""

import subprocess
from pathlib import Path

import pytest

from dev.sam.template import ROOT
from tests.support.snippets import ATTACHING_PAGES, paste

CFN_LINT = ROOT / ".venv-sam/bin/cfn-lint"

pytestmark = [
    pytest.mark.only_in_check,
    pytest.mark.skipif(not CFN_LINT.exists(), reason="cfn-lint is not installed: run `make template`"),
]


def complaints(template: Path) -> str:
    linted = subprocess.run([CFN_LINT, template], check=False, capture_output=True, text=True, timeout=120)
    return linted.stdout + linted.stderr


@pytest.mark.parametrize("page", ATTACHING_PAGES)
def test_a_template_with_the_pasted_lines_has_nothing_to_complain_of(page: str, tmp_path: Path) -> None:
    assert complaints(paste(page, tmp_path)) == ""


def test_the_deploy_role_for_ci_has_nothing_to_complain_of() -> None:
    assert complaints(ROOT / "examples/ci/deploy-role.yaml") == ""


def test_the_webhook_has_nothing_to_complain_of() -> None:
    assert complaints(ROOT / "examples/events/webhook.yaml") == ""


@pytest.mark.parametrize("name", ["distribution.yaml", "site.yaml"])
def test_the_distributions_before_sallyport_have_nothing_to_complain_of(name: str) -> None:
    assert complaints(ROOT / "examples/cloudfront" / name) == ""
