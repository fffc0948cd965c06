"""examples/ci/deploy-role.yaml: enough for `make deploy` and for every resource, and little more."""

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse

from dev.aws.cloud import Cloud
from dev.sam.template import ACCOUNT, ROOT, TEMPLATE, as_cloudformation, resolve
from tests.deploying.standin import account
from tests.support.iam import allows

SAM = ROOT / ".venv-sam/bin/sam"
ROLES = ROOT / "examples/ci/deploy-role.yaml"
PAGE = ROOT / "docs/ci.md"
STACK = "sallyport-staging"
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
OWN = {
    name: f"arn:aws:iam::{ACCOUNT}:role/sallyport_ci/{STACK}-{name}-1" for name in ("DeployRole", "CloudFormationRole")
}

needs_sam = pytest.mark.skipif(not SAM.exists(), reason="sam is not installed: run `make check`")


DOMAIN = {"DomainName": "auth.example.com", "HostedZoneId": "Z1"}


@pytest.fixture(scope="module")
def roles(cloud: Cloud) -> Mapping[str, Any]:
    return roles_of(DOMAIN)


def roles_of(domain: Mapping[str, str]) -> Mapping[str, Any]:
    given = {"Repository": "acme/login", "Environment": "staging", "StackName": STACK, "OidcProviderArn": PROVIDER}
    given |= {"MailDomain": "example.com", **domain}
    attributes = {f"{name}.Arn": arn for name, arn in OWN.items()}
    template = yaml_parse(ROLES.read_text())
    resources: Mapping[str, Any] = resolve(template, given, attributes, stack_name=f"{STACK}-ci")["Resources"]
    return {name: role["Properties"] for name, role in resources.items()}


def statements(role: Mapping[str, Any], *policies: str) -> list[Mapping[str, Any]]:
    chosen = [p for p in role["Policies"] if not policies or p["PolicyName"] in policies]
    return [statement for policy in chosen for statement in policy["PolicyDocument"]["Statement"]]


def actions(allowed: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for statement in allowed:
        yield from [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]


def test_only_jobs_of_one_environment_of_one_repository_may_take_the_role_on(roles: Mapping[str, Any]) -> None:
    (trusted,) = roles["DeployRole"]["AssumeRolePolicyDocument"]["Statement"]

    assert trusted["Principal"] == {"Federated": PROVIDER}
    assert trusted["Condition"] == {
        "StringEquals": {
            "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
            "token.actions.githubusercontent.com:sub": "repo:acme/login:environment:staging",
        }
    }


def test_only_cloudformation_may_take_the_other_role_on(roles: Mapping[str, Any]) -> None:
    (trusted,) = roles["CloudFormationRole"]["AssumeRolePolicyDocument"]["Statement"]

    assert (trusted["Principal"], trusted["Action"]) == ({"Service": "cloudformation.amazonaws.com"}, "sts:AssumeRole")


@needs_sam
def test_a_first_and_a_second_deployment_need_all_that_the_role_may_ask_of_cloudformation_and_no_more(
    roles: Mapping[str, Any], tmp_path: Path
) -> None:
    config = tmp_path / "samconfig.toml"
    tracked = (ROOT / "samconfig.toml").read_text()
    handing_over = f'[staging.deploy.parameters]\nrole_arn = "{OWN["CloudFormationRole"]}"\n'
    config.write_text(tracked.replace("[staging.deploy.parameters]\n", handing_over))
    command: list[str | Path] = [sys.executable, "-m", "ops.deploy", "--config", "staging"]
    command += ["--sam", SAM, "--template", TEMPLATE, "--config-file", config]

    with account() as standing_in:
        for _ in range(2):
            environ = standing_in.environment()
            subprocess.run(command, check=True, cwd=ROOT, env=environ, stdin=subprocess.DEVNULL, timeout=120)

    allowed = statements(roles["DeployRole"], "DeployOneStack")
    assert [use for use in standing_in.uses if not allows(allowed, *use)] == []
    assert set(actions(allowed)) == {*(action for action, _ in standing_in.uses), "iam:PassRole"}
    assert standing_in.roles == [OWN["CloudFormationRole"]] * 2
    assert all(allows(allowed, "iam:PassRole", role) for role in standing_in.roles)


@needs_sam
def test_the_command_that_docs_show_makes_the_roles_of_an_environment() -> None:
    (shown,) = re.findall(r"^(\.venv-sam/bin/sam deploy .*?)\n```", PAGE.read_text(), re.DOTALL | re.MULTILINE)

    with account() as standing_in:
        environ = standing_in.environment()
        subprocess.run(shlex.split(shown), check=True, cwd=ROOT, env=environ, stdin=subprocess.DEVNULL, timeout=120)

    given = {"Repository": "your-org/sallyport", "Environment": "staging", "StackName": STACK}
    given["MailDomain"] = "example.com"
    assert standing_in.deployed == {"ci-sallyport-staging": [given]}
    for name, value in given.items():
        assert re.fullmatch(yaml_parse(ROLES.read_text())["Parameters"][name]["AllowedPattern"], value)


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("cloudformation:CreateChangeSet", "arn:aws:cloudformation:us-east-1:123456789012:stack/sallyport-prod/1"),
        ("cloudformation:DeleteStack", f"arn:aws:cloudformation:us-east-1:123456789012:stack/{STACK}/1"),
        ("s3:PutObject", "arn:aws:s3:::aws-sam-cli-managed-default-samclisourcebucket-1/sallyport-prod/x"),
        ("iam:PassRole", f"arn:aws:iam::123456789012:role/{STACK}-LoginRole-1"),
        ("iam:PutRolePolicy", f"arn:aws:iam::123456789012:role/{STACK}-LoginRole-1"),
        ("dynamodb:GetItem", f"arn:aws:dynamodb:us-east-1:123456789012:table/{STACK}-Table-1"),
        ("kms:Decrypt", "arn:aws:kms:us-east-1:123456789012:key/1"),
    ],
)
def test_the_workflows_role_has_no_way_around_cloudformation(
    roles: Mapping[str, Any], action: str, resource: str
) -> None:
    assert not allows(statements(roles["DeployRole"]), action, resource)


NOT_USED = {
    "our functions have none of it": [
        "lambda:PutProvisionedConcurrencyConfig", "lambda:DeleteProvisionedConcurrencyConfig",
        "lambda:GetCodeSigningConfig", "lambda:PutFunctionCodeSigningConfig",
        "lambda:DeleteFunctionCodeSigningConfig", "lambda:PassCapacityProvider",
        "lambda:PutRuntimeManagementConfig", "lambda:PutFunctionRecursionConfig",
        "lambda:PutFunctionScalingConfig", "lambda:AssociateRuntimeAlias", "ec2:*", "elasticfilesystem:*",
        "s3files:*",
    ],
    "our table has no replica, Kinesis stream or import, nor a policy of its own": [
        "dynamodb:AssociateTableReplica", "dynamodb:CreateTableReplica", "dynamodb:DescribeImport",
        "dynamodb:ImportTable", "dynamodb:EnableKinesisStreamingDestination",
        "dynamodb:DisableKinesisStreamingDestination", "dynamodb:UpdateKinesisStreamingDestination",
        "dynamodb:UpdateContributorInsights", "dynamodb:PutResourcePolicy", "dynamodb:DeleteResourcePolicy",
        "kinesis:*", "s3:ListBucket", "s3:GetObjectMetadata",
    ],
    "a deployment reads, writes and deletes no user": [
        "dynamodb:Scan", "dynamodb:Query", "dynamodb:*Item", "dynamodb:DeleteTable",
    ],
    "a deployment uses no key and makes none useless": [
        "kms:CreateGrant", "kms:RevokeGrant", "kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey",
        "kms:ListAliases", "kms:DisableKey", "kms:EnableKey", "kms:DisableKeyRotation",
        "kms:ScheduleKeyDeletion",
    ],
    "only for other kinds of log group": [
        "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents", "logs:*DataProtectionPolicy",
        "logs:*IndexPolicy", "logs:*KmsKey", "logs:PutLogGroupDeletionProtection",
        "logs:PutBearerTokenAuthentication", "logs:DeleteResourcePolicy", "firehose:*", "s3:REST.PUT.OBJECT",
    ],
    "our mails are neither tracked nor archived, and name their configuration set themselves": [
        "ses:PutConfigurationSetTrackingOptions", "ses:PutConfigurationSetVdmOptions",
        "ses:PutConfigurationSetArchivingOptions", "ses:PutEmailIdentityConfigurationSetAttributes",
    ],
    "our pipe has no log of its own": [
        "s3:PutBucketPolicy", "s3:GetBucketPolicy",
    ],
    "our domain asks no client for a certificate, and names its zone by id": [
        "apigateway:AddCertificateToDomain", "apigateway:RemoveCertificateFromDomain", "route53:ListHostedZones",
    ],
    "for servers": [
        "codedeploy:RegisterOnPremisesInstance",
    ],
    "our roles have no boundary": [
        "iam:PutRolePermissionsBoundary", "iam:DeleteRolePermissionsBoundary",
    ],
    "no action of IAM's: tags go by POST and PUT": [
        "apigateway:TagResource", "apigateway:UntagResource",
    ],
}  # fmt: skip


@cache
def needed_by_type() -> Mapping[str, set[str]]:
    """Return what CloudFormation calls to make, read, change and delete a resource, as AWS's own schemas list it."""
    found: dict[str, set[str]] = {}
    for path in ROOT.glob(".venv-sam/lib/python3*/site-packages/cfnlint/data/schemas/resources/*.json"):
        schema = json.loads(path.read_text())
        handlers = {name: h for name, h in schema.get("handlers", {}).items() if name != "list"}
        calls = {call for handler in handlers.values() for call in handler["permissions"]}
        found.setdefault(schema.get("typeName", ""), set()).update(calls)
    return found


def of_our_template(cloud: Cloud) -> Iterator[str]:
    translated, _ = as_cloudformation()
    yield from sorted({r["Type"] for r in translated["Resources"].values() if not r["Type"].startswith("Custom::")})


@needs_sam
def test_cloudformations_role_may_do_all_that_the_resources_of_the_template_need(
    roles: Mapping[str, Any], cloud: Cloud
) -> None:
    allowed = statements(roles["CloudFormationRole"])
    unused = [{"Action": [action for actions in NOT_USED.values() for action in actions], "Resource": "*"}]
    missing = {
        kind: calls
        for kind in of_our_template(cloud)
        if (calls := {c for c in needed_by_type()[kind] if not allows(allowed, c) and not allows(unused, c)})
    }

    assert missing == {}
    assert allows(allowed, "lambda:InvokeFunction", f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{STACK}-Setup-1")


@pytest.mark.parametrize("action", [
    "dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:Scan", "dynamodb:DeleteTable",
    "kms:Decrypt", "kms:Encrypt", "kms:CreateGrant", "kms:ScheduleKeyDeletion",
    "sqs:SendMessage", "sqs:ReceiveMessage", "sqs:PurgeQueue", "ses:SendEmail", "ses:SendRawEmail",
    "sts:AssumeRole", "iam:CreateUser", "iam:CreatePolicy",
])  # fmt: skip
def test_a_deployment_reads_no_user_opens_no_key_sends_no_mail_and_deletes_none_of_them(
    roles: Mapping[str, Any], action: str
) -> None:
    assert not allows(statements(roles["CloudFormationRole"]), action)


@pytest.mark.parametrize(
    ("action", "own", "another"),
    [
        ("sqs:DeleteQueue", f"sqs:us-east-1:{ACCOUNT}:{STACK}-MailQueue-1", f"sqs:us-east-1:{ACCOUNT}:orders"),
        (
            "ses:DeleteEmailIdentity",
            f"ses:us-east-1:{ACCOUNT}:identity/example.com",
            f"ses:us-east-1:{ACCOUNT}:identity/example.org",
        ),
    ],
)
def test_a_deployment_deletes_no_queue_or_domain_of_others(
    roles: Mapping[str, Any], action: str, own: str, another: str
) -> None:
    allowed = statements(roles["CloudFormationRole"])

    assert allows(allowed, action, f"arn:aws:{own}")
    assert not allows(allowed, action, f"arn:aws:{another}")


@pytest.mark.parametrize(
    ("action", "own", "another"),
    [
        (
            "apigateway:POST",
            "us-east-1::/domainnames/auth.example.com/apimappings",
            "us-east-1::/domainnames/a.example",
        ),
        (
            "apigateway:DELETE",
            "us-east-1::/domainnames/auth.example.com",
            "us-east-1::/domainnames/auth.example.com.au",
        ),
        ("route53:ChangeResourceRecordSets", "::hostedzone/Z1", "::hostedzone/Z2"),
    ],
)
def test_a_deployment_makes_the_domain_of_the_stack_and_no_other(
    roles: Mapping[str, Any], action: str, own: str, another: str
) -> None:
    service = action.partition(":")[0]

    assert allows(statements(roles["CloudFormationRole"]), action, f"arn:aws:{service}:{own}")
    assert not allows(statements(roles["CloudFormationRole"]), action, f"arn:aws:{service}:{another}")
    without = statements(roles_of({"DomainName": "", "HostedZoneId": ""})["CloudFormationRole"])
    assert not allows(without, action, f"arn:aws:{service}:{own}")


def test_a_deployment_changes_no_record_but_the_stacks(roles: Mapping[str, Any]) -> None:
    (record,) = [s for s in statements(roles["CloudFormationRole"]) if s.get("Sid") == "Record"]

    assert record["Condition"] == {
        "ForAllValues:StringEquals": {"route53:ChangeResourceRecordSetsNormalizedRecordNames": ["auth.example.com"]},
        "Null": {"route53:ChangeResourceRecordSetsNormalizedRecordNames": "false"},
    }


def test_a_deployment_lets_queues_call_functions_of_the_stack_only(roles: Mapping[str, Any]) -> None:
    allowed = statements(roles["CloudFormationRole"])

    (mapping,) = [s for s in allowed if "lambda:CreateEventSourceMapping" in s["Action"]]
    assert mapping["Condition"] == {
        "ArnLike": {"lambda:FunctionArn": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{STACK}-*"}
    }


@pytest.mark.parametrize("role", OWN.values())
@pytest.mark.parametrize(
    "action", ["iam:PutRolePolicy", "iam:UpdateAssumeRolePolicy", "iam:AttachRolePolicy", "iam:PassRole"]
)
def test_cloudformations_role_can_change_neither_itself_nor_the_workflows_even_if_their_names_begin_with_the_stacks(
    roles: Mapping[str, Any], role: str, action: str
) -> None:
    allowed = statements(roles["CloudFormationRole"])

    assert allows(allowed, action, f"arn:aws:iam::{ACCOUNT}:role/{STACK}-LoginRole-1")
    assert not allows(allowed, action, role)
    assert {roles[name]["Path"] for name in OWN} == {"/sallyport_ci/"}
