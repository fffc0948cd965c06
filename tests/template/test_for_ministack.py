"""What `make cloud-test` deploys in another way than `make deploy` does: what is listed, and nothing else."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from dev.aws.cloud import Cloud
from dev.sam.stack import read
from dev.sam.template import ROOT, TEMPLATE, as_cloudformation, of_type
from ops.for_ministack import (
    PIECES,
    NothingToReplaceError,
    Piece,
    main,
    replace_lacking,
    report,
    without_unknown_conditions,
)

PAGE = ROOT / "docs/cloud-test.md"
WRITTEN = {f"AWS::ApiGatewayV2::{kind}" for kind in ("Authorizer", "Integration", "Route")}


@pytest.fixture(scope="module")
def translated(cloud: Cloud) -> dict[str, Any]:
    return as_cloudformation()[0]


def test_each_piece_is_documented_and_listed_with_its_reason_and_the_names_of_what_changed(
    translated: dict[str, Any],
) -> None:
    _, replaced = replace_lacking(translated)
    listed = report(replaced)

    assert [each.piece for each in replaced] == list(PIECES)
    assert all(each.names for each in replaced)
    for piece in PIECES:
        assert piece.what in listed
        assert piece.why in listed
        assert f"| {piece.what} |" in PAGE.read_text()
    assert "LoginRole.ReadAccounts" in listed
    assert "Throttles" in listed


@pytest.mark.parametrize("piece", PIECES, ids=lambda piece: piece.what)
def test_a_piece_that_the_template_has_no_more_is_an_error_that_names_it(
    piece: Piece, translated: dict[str, Any]
) -> None:
    gone = deepcopy(translated)
    piece.replace(gone)

    with pytest.raises(NothingToReplaceError) as refused:
        replace_lacking(gone)

    assert piece.what in str(refused.value)


def test_everything_else_is_deployed_as_it_is(translated: dict[str, Any]) -> None:
    template, replaced = replace_lacking(translated)
    before, after = translated["Resources"], template["Resources"]
    changed = {name.split(".")[0] for each in replaced for name in each.names}

    assert {after[name]["Type"] for name in after.keys() - before.keys()} == WRITTEN
    assert before.keys() - after.keys() <= changed
    for name in after.keys() & before.keys() - changed - {"Api"}:
        old = {key: value for key, value in before[name].items() if key != "UpdatePolicy"}
        assert after[name] == old, name
    assert {key: template[key] for key in template.keys() - {"Resources", "Outputs"}} == {
        key: translated[key] for key in translated.keys() - {"Resources", "Outputs"}
    }


def test_of_a_changed_role_only_conditions_and_the_sender_of_mails_differ(translated: dict[str, Any]) -> None:
    template, _ = replace_lacking(translated)

    def statements(of: dict[str, Any], name: str) -> list[dict[str, Any]]:
        (policy,) = of["Resources"][name]["Properties"]["Policies"]
        return [
            {key: value for key, value in each.items() if key != "Condition" and each["Sid"] != "SendMail"}
            for each in policy["PolicyDocument"]["Statement"]
        ]

    for name in ("LoginRole", "MailerRole", "RefreshRole"):
        assert statements(template, name) == statements(translated, name)


def test_each_route_has_the_authorizer_that_the_document_names(translated: dict[str, Any]) -> None:
    template, _ = replace_lacking(translated)
    routes = read(table_name="table", kms_key_id="key").routes  # as the local gateway reads them
    documented = {route.key: route.authorizer is not None for route in routes.values()}

    written = {
        route["RouteKey"]: route["AuthorizationType"] == "CUSTOM"
        for _, route in of_type(template["Resources"], "AWS::ApiGatewayV2::Route")
    }

    assert written == documented
    ((_, authorizer),) = of_type(template["Resources"], "AWS::ApiGatewayV2::Authorizer")
    assert authorizer["AuthorizerResultTtlInSeconds"] == 0


def test_a_function_that_is_there_only_sometimes_has_such_a_route(translated: dict[str, Any]) -> None:
    """As SAM writes a function with a condition."""
    template = deepcopy(translated)
    paths = template["Resources"]["Api"]["Properties"]["Body"]["paths"]
    operation = paths["/auth/login"]["post"]
    item = {"x-amazon-apigateway-any-method": operation}
    paths["/auth/verify"] = {"Fn::If": ["Verifies", item, {"Ref": "AWS::NoValue"}]}

    resources = replace_lacking(template)[0]["Resources"]

    assert resources["ApiAnyAuthVerifyRoute"]["Condition"] == "Verifies"
    assert resources["ApiAnyAuthVerifyRoute"]["Properties"]["RouteKey"] == "ANY /auth/verify"
    assert resources["ApiAnyAuthVerifyIntegration"]["Condition"] == "Verifies"


def test_what_sam_would_newly_write_into_the_document_does_not_get_lost(translated: dict[str, Any]) -> None:
    template = deepcopy(translated)
    template["Resources"]["Api"]["Properties"]["Body"]["x-amazon-apigateway-new"] = {}

    with pytest.raises(ValueError, match="x-amazon-apigateway-new"):
        replace_lacking(template)


def test_a_condition_that_ministack_knows_stays() -> None:
    known = {"StringEquals": {"aws:SourceAccount": "123456789012"}}
    statement = {
        "Effect": "Allow",
        "Action": "dynamodb:GetItem",
        "Resource": "*",
        "Condition": {
            "StringEquals": {"aws:SourceAccount": "123456789012", "dynamodb:Select": "COUNT"},
            "Null": {"dynamodb:LeadingKeys": "false"},
        },
    }

    assert without_unknown_conditions({"Statement": [statement]})["Statement"] == [statement | {"Condition": known}]


@pytest.mark.usefixtures("cloud")
def test_code_is_uploaded_from_where_it_was_built(tmp_path: Path) -> None:
    built, out = tmp_path / "template.yaml", tmp_path / "out.json"
    built.write_text(TEMPLATE.read_text())

    assert main([str(built), str(out)]) == 0
    assert json.loads(out.read_text())["Resources"]["Login"]["Properties"]["Code"] == str(tmp_path / "functions/login")
