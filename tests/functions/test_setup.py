"""setup, event in: what CloudFormation is told of a deployment, and what the deployment leaves."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest

from dev.aws.cloud import LOCAL, Cloud, create_key, create_table
from dev.lambda_host.functions import LocalFunction
from dev.sam.stack import read
from dev.sam.template import REGION, ROOT, FunctionSpec
from sallyport.accounts.decoys import DECOYS
from sallyport.aws.dynamodb.public_keys import PublishedKeys
from sallyport.aws.dynamodb.table import Table
from sallyport.aws.dynamodb.user_items import keys_of
from sallyport.aws.release import Release
from sallyport.errors import AccessDenied, InvalidRequest, Unavailable
from sallyport.identifiers import new_id
from sallyport.wiring import setup as wiring
from tests.support.cloudformation import CloudFormation, listening
from tests.support.deployed import sample
from tests.support.wire import Wire

ORIGIN_SECRET = "6d1f0c8b5a7e4293b0c1d2e3f4a59687"
CHECKS, KEYS = "setup_accepted", "setup_keys_made"


@pytest.fixture
def cloudformation() -> Iterator[CloudFormation]:
    with listening() as server:
        yield server


def environment(name: str) -> dict[str, str]:
    """Make a table and a key for a setup of its own, and return what that is told."""
    key = create_key()
    create_table(name, read(table_name=name, kms_key_id=key).table, None)
    told = {"TABLE_NAME": name, "KMS_KEY_ID": key, "ISSUER": "", "SIGNING_ALGORITHM": ""}
    return {**told, "AWS_REGION": REGION}  # which Lambda sets


def fresh_setup(name: str) -> tuple[LocalFunction, Table]:
    spec = FunctionSpec("Setup", ROOT / "functions" / "setup", environment(name), timeout=60)
    return LocalFunction(spec), Table(LOCAL.dynamodb(), name)


def asked(
    server: CloudFormation, name: str, request_type: str = "Create", properties: dict[str, Any] | None = None
) -> dict[str, Any]:
    event = sample(name)
    return {
        **event,
        "RequestType": request_type,
        "ResponseURL": server.url,
        "ResourceProperties": {**event["ResourceProperties"], **(properties or {})},
    }


def everything(table: Table) -> list[Any]:
    return [item for pk in ("JWKS", "SIGNING#access", "SIGNING#refresh") for item in table.partition(pk)]


def test_the_first_deployment_makes_keys_and_records_the_issuer(cloud: Cloud, cloudformation: CloudFormation) -> None:
    setup, table = fresh_setup("first-deployment")

    setup.invoke(asked(cloudformation, KEYS))

    (answer,) = cloudformation.answers
    assert answer["Status"] == "SUCCESS"
    ring = PublishedKeys(table).public_ring()
    assert ring.issuer == "https://abcdefghij.execute-api.eu-central-1.amazonaws.com"
    assert len(ring.keys) == 2


def test_an_update_keeps_the_keys(cloud: Cloud, cloudformation: CloudFormation) -> None:
    setup, table = fresh_setup("update")
    setup.invoke(asked(cloudformation, KEYS))
    before = everything(table)

    setup.invoke(asked(cloudformation, KEYS, "Update"))

    assert everything(table) == before


def decoy_items(table: Table) -> list[Any]:
    return [item for decoy in DECOYS for item in table.get(*keys_of(decoy))]


def test_a_deployment_makes_the_decoys_and_the_next_one_leaves_them_as_they_are(
    cloud: Cloud, cloudformation: CloudFormation, wire: Wire
) -> None:
    setup, table = fresh_setup("decoys")
    setup.invoke(asked(cloudformation, KEYS))
    before = decoy_items(table)
    wire.reset()

    setup.invoke(asked(cloudformation, KEYS, "Update"))

    assert len(before) == 64 * 3
    assert all(before)
    assert decoy_items(table) == before
    assert "BatchWriteItem" not in wire.calls


def test_a_deployment_whose_decoys_cannot_be_made_fails_and_the_next_one_makes_them(
    cloud: Cloud, cloudformation: CloudFormation, wire: Wire
) -> None:
    setup, table = fresh_setup("no-decoys")
    wire.refuse("BatchWriteItem", word="ValidationException")  # a denial would be waited out
    setup.invoke(asked(cloudformation, KEYS, "Update"))
    wire.reset()

    setup.invoke(asked(cloudformation, KEYS, "Update"))

    assert [answer["Status"] for answer in cloudformation.answers] == ["FAILED", "SUCCESS"]
    assert all(decoy_items(table))


def test_a_restored_table_whose_keys_another_kms_key_seals_fails_the_deployment_by_name(
    cloud: Cloud, cloudformation: CloudFormation
) -> None:
    setup, table = fresh_setup("restored")
    setup.invoke(asked(cloudformation, KEYS))
    before = everything(table)
    told = {"TABLE_NAME": "restored", "KMS_KEY_ID": create_key(), "ISSUER": "", "SIGNING_ALGORITHM": ""}

    LocalFunction(FunctionSpec("Setup", ROOT / "functions" / "setup", told, timeout=60)).invoke(
        asked(cloudformation, KEYS, "Update")
    )

    *_, answer = cloudformation.answers
    assert answer["Status"] == "FAILED"
    assert "sealed under" in answer["Reason"]
    assert setup.spec.environment["KMS_KEY_ID"] in answer["Reason"]
    assert everything(table) == before


def test_a_deployment_that_fails_says_so_and_a_deletion_never_fails(
    cloud: Cloud, cloudformation: CloudFormation, wire: Wire
) -> None:
    setup, _ = fresh_setup("failing")
    wire.refuse("Encrypt", "Query", word="ValidationException")

    setup.invoke(asked(cloudformation, KEYS, "Update"))
    setup.invoke(asked(cloudformation, KEYS, "Delete"))

    assert [answer["Status"] for answer in cloudformation.answers] == ["FAILED", "SUCCESS"]


FIRST = {"Release": "r1", "RunsWith": ["strict", "layer:1"]}


@pytest.mark.parametrize(
    ("name", "update", "status"),
    [
        ("nothing", FIRST, "SUCCESS"),
        ("all", {"Release": "r2", "RunsWith": ["stateless", "layer:2"]}, "SUCCESS"),
        ("setting", {"Release": "r1", "RunsWith": ["stateless", "layer:1"]}, "FAILED"),
        ("layer", {"Release": "r1", "RunsWith": ["strict", "layer:2"]}, "FAILED"),
    ],
)
def test_a_deployment_that_would_go_on_serving_the_old_version_fails_and_its_rollback_succeeds(
    cloud: Cloud, cloudformation: CloudFormation, name: str, update: dict[str, Any], status: str
) -> None:
    setup, _ = fresh_setup(f"release-{name}")

    for request_type, properties in (("Create", FIRST), ("Update", update), ("Update", FIRST)):
        setup.invoke(asked(cloudformation, CHECKS, request_type, properties))

    first, updated, rolled_back = cloudformation.answers
    assert (first["Status"], updated["Status"], rolled_back["Status"]) == ("SUCCESS", status, "SUCCESS")
    assert ("the parameter Release" in updated["Reason"]) == (status == "FAILED")


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (
            {"SESSION_IDLE_SECONDS": "60", "REFRESH_LEEWAY_SECONDS": "60"},
            "must be at least twice REFRESH_LEEWAY_SECONDS",
        ),
        ({"SESSION_SECONDS": "119"}, "must be at least twice REFRESH_LEEWAY_SECONDS"),
        ({"STACK_NAME": "local"}, "a stack cannot be called local"),
        ({"TRUSTED_ADDRESS_HEADER": "CloudFront-Viewer-Address"}, "must be set together, or neither of them"),
        ({"ORIGIN_SECRET": ORIGIN_SECRET}, "must be set together, or neither of them"),
        ({"EXECUTE_API": "closed"}, "EXECUTE_API=closed needs a DOMAIN_NAME"),
        (
            {
                "DOMAIN_NAME": "auth.example.com",
                "CERTIFICATE_ARN": "arn:aws:acm:eu-central-1:123456789012:certificate/0f1e2d3c",
            },
            "CERTIFICATE_ARN must be in us-east-1, the API's own Region, not in eu-central-1",
        ),
        ({"ALLOWED_HEADERS": "baggage,authorization"}, "ALLOWED_HEADERS must name each header once"),
        ({"REVOCATION_MODE": "sometimes"}, "REVOCATION_MODE must be one of bounded, strict, stateless"),
    ],
)
def test_parameters_that_contradict_each_other_fail_the_deployment_with_the_sentence(
    cloud: Cloud, cloudformation: CloudFormation, settings: dict[str, str], sentence: str
) -> None:
    setup, table = fresh_setup(f"contradicting-{new_id()}")
    good = sample(CHECKS)["ResourceProperties"]["Settings"]

    setup.invoke(asked(cloudformation, CHECKS, properties={"Settings": {**good, **settings}}))
    setup.invoke(asked(cloudformation, CHECKS, "Update", properties={"Settings": good}))

    refused, mended = cloudformation.answers
    assert refused["Status"] == "FAILED"
    assert sentence in refused["Reason"]
    assert ORIGIN_SECRET not in refused["Reason"]
    assert mended["Status"] == "SUCCESS"  # what was refused has left nothing behind
    assert not everything(table)


def test_another_origin_secret_needs_another_release_and_none_is_kept(
    cloud: Cloud, cloudformation: CloudFormation
) -> None:
    setup, _ = fresh_setup("origin-secret")
    good = sample(CHECKS)["ResourceProperties"]["Settings"] | {"TRUSTED_ADDRESS_HEADER": "CloudFront-Viewer-Address"}

    for secret, release in ((ORIGIN_SECRET, "r1"), (ORIGIN_SECRET[::-1], "r1"), (ORIGIN_SECRET[::-1], "r2")):
        told = {"Settings": {**good, "ORIGIN_SECRET": secret}, "Release": release}
        setup.invoke(asked(cloudformation, CHECKS, "Update", properties=told))

    assert [answer["Status"] for answer in cloudformation.answers] == ["SUCCESS", "FAILED", "SUCCESS"]
    stored = boto3.client("dynamodb").scan(TableName="origin-secret")["Items"]
    assert stored
    assert not any(secret in json.dumps(stored) for secret in (ORIGIN_SECRET, ORIGIN_SECRET[::-1]))


@pytest.mark.parametrize(
    "wrong",
    [
        {"RequestType": "Remove"},
        {"ResourceType": "Custom::Other"},
        {"ResponseURL": None},
        {"StackId": 7},
        {"ResourceProperties": []},
    ],
)
def test_an_event_that_is_no_request_of_cloudformations_is_refused(
    cloud: Cloud, cloudformation: CloudFormation, wrong: dict[str, Any]
) -> None:
    (name,) = wrong
    setup, table = fresh_setup(f"shapeless-{name}")
    event = asked(cloudformation, KEYS)

    for shapeless in ({**event, **wrong}, {key: value for key, value in event.items() if key != name}, {}):
        with pytest.raises(InvalidRequest):
            setup.invoke(shapeless)

    assert not everything(table)
    assert not cloudformation.answers


class NewRole:
    """A role that AWS does not know yet: each call takes another failure from the list, then all is well."""

    def __init__(self, *failures: Exception) -> None:
        self._failures = list(failures)
        self.slept: list[float] = []

    def last(self) -> None:
        if self._failures:
            raise self._failures.pop(0)

    def accept(self, release: Release) -> None:
        pass


DENIED = AccessDenied("Query", "AccessDeniedException")


@pytest.mark.parametrize(
    ("request_type", "failures", "status", "slept"),
    [
        ("Create", [DENIED] * 3, "SUCCESS", 9),
        ("Create", [DENIED] * 10, "FAILED", 27),
        ("Create", [Unavailable("Query ProvisionedThroughputExceededException")], "FAILED", 0),
        ("Update", [DENIED] * 3, "SUCCESS", 9),
    ],
)
def test_a_role_that_is_not_known_everywhere_yet_is_waited_for(
    cloud: Cloud,
    cloudformation: CloudFormation,
    request_type: str,
    failures: list[Exception],
    status: str,
    slept: float,
) -> None:
    role = NewRole(*failures)
    built = wiring.build(environment(f"new-role-{request_type}-{len(failures)}-{slept}"))
    handler = replace(built, releases=role, sleep=role.slept.append)

    handler(asked(cloudformation, CHECKS, request_type), None)

    (answer,) = cloudformation.answers
    assert (answer["Status"], sum(role.slept)) == (status, slept)


def test_an_error_that_nobody_expected_is_logged_and_counted(
    cloud: Cloud, cloudformation: CloudFormation, caplog: pytest.LogCaptureFixture
) -> None:
    setup, _ = fresh_setup("unexpected")
    event = asked(cloudformation, KEYS)
    del event["ResourceProperties"]["Issuer"]

    setup.invoke(event)

    assert cloudformation.answers[0]["Status"] == "FAILED"
    (record,) = [record for record in caplog.records if record.message == "failed"]
    assert record.__dict__["reason"].startswith("KeyError in ")


def test_a_new_stack_counts_that_its_keys_are_kept(
    cloud: Cloud,
    cloudformation: CloudFormation,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """So the alarm that waits for such a count for two days does not rise at once."""
    monkeypatch.delenv("POWERTOOLS_METRICS_DISABLED", raising=False)
    setup, _ = fresh_setup("counted")

    setup.invoke(asked(cloudformation, KEYS))

    counted = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    assert [metric.get("kept_rings") for metric in counted] == [[1.0]]
