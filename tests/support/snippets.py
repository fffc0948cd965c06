"""The code that a page of the documentation shows, by language."""

import re
from pathlib import Path

from dev.sam.template import ROOT

ATTACHING_PAGES = ["docs/attaching.md", "README.md"]
"""Each shows the lines that attach the authorizer to an API, and how a function reads who calls."""

_FUNCTION = """
  Orders:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: orders/
      Handler: app.lambda_handler
      Runtime: python3.13
      Events:
        List: {Type: HttpApi, Properties: {ApiId: !Ref Api, Method: GET, Path: /orders}}
        Welcome: {Type: HttpApi, Properties: {ApiId: !Ref Api, Method: GET, Path: /welcome, Auth: {Authorizer: NONE}}}
"""


def snippet(page: str, language: str) -> str:
    """Return the first snippet of this language under the page's heading "Attach... the authorizer to your API"."""
    _, _, section = (ROOT / page).read_text().partition(" the authorizer to your API\n")
    found = re.search(rf"^```{language}\n(.*?)^```", section, re.DOTALL | re.MULTILINE)
    assert found is not None
    return found[1]


def paste(page: str, folder: Path) -> Path:
    """Write a template with the page's lines and one function with its Python, and return the template's path."""
    template = folder / "template.yaml"
    resources = snippet(page, "yaml").replace("Resources:\n", f"Resources:{_FUNCTION}\n")
    template.write_text(f"Transform: AWS::Serverless-2016-10-31\n\n{resources}")
    (folder / "orders").mkdir()
    (folder / "orders/app.py").write_text(snippet(page, "python"))
    return template
