"""functions/*/app.py, loaded as Lambda loads them. Other tests, and `make dev`, build the same handlers directly."""

import ast
from dataclasses import replace

import pytest

from dev.aws.deployment import Deployment
from dev.lambda_host.functions import OUR_FUNCTIONS, loaded
from sallyport.aws.api_gateway import HttpApiHandler
from tests.support.deployed import sample

FOLDERS = sorted(folder.name for folder in OUR_FUNCTIONS.iterdir() if (folder / "app.py").exists())


def named(folder: str) -> str:
    return "".join(word.capitalize() for word in folder.split("_"))


def test_every_function_of_the_template_has_its_folder(deployment: Deployment) -> None:
    assert sorted(map(named, FOLDERS)) == sorted(deployment.functions)


def served_by(handler: object) -> tuple[type, list[str]]:
    """Return the kind of a handler, and the routes that it serves: login and logout are of one kind."""
    return type(handler), sorted(handler.api.endpoints) if isinstance(handler, HttpApiHandler) else []


@pytest.mark.parametrize("folder", FOLDERS)
def test_an_app_loads_to_what_its_wiring_builds(deployment: Deployment, folder: str) -> None:
    function = deployment.functions[named(folder)]

    handler = loaded(function.spec)

    assert served_by(handler) == served_by(function._start())


def test_an_app_reads_its_settings_from_the_environment(deployment: Deployment) -> None:
    """Of two stacks each function has its own: here one without a table, which is never reached."""
    spec = deployment.functions["Wellknown"].spec
    elsewhere = loaded(replace(spec, environment={**spec.environment, "TABLE_NAME": "no-such-table"}))

    answer = elsewhere(sample("wellknown_key_set"), None)  # type: ignore[arg-type]  # it asks nothing of its context

    assert answer["statusCode"] == 503


def test_a_docstring_names_every_route_that_the_function_serves(deployment: Deployment) -> None:
    for route in deployment.routes.values():
        app = OUR_FUNCTIONS / deployment.functions[route.function].spec.folder.name / "app.py"
        assert route.key in (ast.get_docstring(ast.parse(app.read_text())) or ""), app
