"""rotate_keys, event in: what becomes of the rings."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from dev.clock import MovableTime
from dev.cloud import Cloud, create_key, create_table
from dev.functions import LocalFunction
from dev.stack import read
from dev.template import ROOT, FunctionSpec
from sallyport.aws import clients
from sallyport.aws.dynamodb.public_keys import PublishedKeys
from sallyport.aws.dynamodb.table import Table
from sallyport.errors import InvalidRequest
from tests.builders import DAY
from tests.cloudformation import CloudFormation, listening
from tests.deployed import sample
from tests.wire import Wire


@pytest.fixture
def cloudformation() -> Iterator[CloudFormation]:
    with listening() as server:
        yield server


def with_settings(name: str, key: str, **settings: str) -> LocalFunction:
    environment = {"TABLE_NAME": name, "KMS_KEY_ID": key, "ISSUER": "", "SIGNING_ALGORITHM": "", **settings}
    return LocalFunction(FunctionSpec("RotateKeys", ROOT / "functions" / "rotate_keys", environment, timeout=60))


def fresh_rotate_keys(name: str) -> tuple[LocalFunction, Table]:
    key = create_key()
    create_table(name, read(table_name=name, kms_key_id=key).table, None)
    return with_settings(name, key), Table(clients.dynamodb(None), name)


def custom_resource(server: CloudFormation, request_type: str) -> dict[str, Any]:
    event = sample("rotate_keys_create")
    return {**event, "RequestType": request_type, "ResponseURL": server.url}


def test_the_first_deployment_makes_keys_and_records_the_issuer(cloud: Cloud, cloudformation: CloudFormation) -> None:
    rotate_keys, table = fresh_rotate_keys("first-deployment")

    rotate_keys.invoke(custom_resource(cloudformation, "Create"))

    (answer,) = cloudformation.answers
    assert answer["Status"] == "SUCCESS"
    ring = PublishedKeys(table).public_ring()
    assert ring.issuer == "https://abcdefghij.execute-api.eu-central-1.amazonaws.com"
    assert len(ring.keys) == 2


def test_an_update_and_the_schedule_keep_the_keys(cloud: Cloud, cloudformation: CloudFormation) -> None:
    rotate_keys, table = fresh_rotate_keys("update")
    rotate_keys.invoke(custom_resource(cloudformation, "Create"))
    before = table.partition("JWKS") + table.partition("SIGNING#access") + table.partition("SIGNING#refresh")

    rotate_keys.invoke(custom_resource(cloudformation, "Update"))
    rotate_keys.invoke(sample("rotate_keys_scheduled"))

    assert table.partition("JWKS") + table.partition("SIGNING#access") + table.partition("SIGNING#refresh") == before


def test_private_keys_rest_as_ciphertext_bound_to_their_use(cloud: Cloud, cloudformation: CloudFormation) -> None:
    rotate_keys, table = fresh_rotate_keys("at-rest")
    rotate_keys.invoke(custom_resource(cloudformation, "Create"))
    kms = clients.kms()

    for use in ("access", "refresh"):
        for item in [item for item in table.partition(f"SIGNING#{use}") if item["SK"] != "RING"]:
            sealed, context = item["ciphertext"], {"use": use, "kid": item["SK"]}
            assert kms.decrypt(CiphertextBlob=sealed, EncryptionContext=context)["Plaintext"] not in sealed
            for wrong in ({**context, "use": "other"}, {**context, "kid": "other"}, {}):
                with pytest.raises(kms.exceptions.InvalidCiphertextException):
                    kms.decrypt(CiphertextBlob=sealed, EncryptionContext=wrong)


def test_a_deployment_that_fails_says_so_and_a_deletion_never_fails(
    cloud: Cloud, cloudformation: CloudFormation, wire: Wire
) -> None:
    rotate_keys, _ = fresh_rotate_keys("failing")
    wire.refuse("Encrypt", "Query")

    rotate_keys.invoke(custom_resource(cloudformation, "Create"))
    rotate_keys.invoke(custom_resource(cloudformation, "Delete"))

    assert [answer["Status"] for answer in cloudformation.answers] == ["FAILED", "SUCCESS"]


SCHEDULED = sample("rotate_keys_scheduled")


def published(table: Table) -> set[str]:
    return {item["SK"] for item in table.partition("JWKS")} - {"ISSUER"}


def private(table: Table, use: str) -> set[str]:
    return {item["SK"] for item in table.partition(f"SIGNING#{use}")} - {"RING"}


def test_the_schedule_rotates_and_retires_and_publishes_what_it_keeps(cloud: Cloud, clock: MovableTime) -> None:
    rotate_keys, table = fresh_rotate_keys("schedule")
    rotate_keys.invoke(SCHEDULED)
    first = private(table, "access")

    for _ in range(91):
        clock.advance(DAY)
        rotate_keys.invoke(SCHEDULED)

    second = private(table, "access")
    assert (len(first), len(second), len(first & second)) == (2, 2, 1)
    assert published(table) == second
    assert len(private(table, "refresh")) == 3  # sessions of 30 days that the first one signed may still live

    clock.advance(31 * DAY)
    rotate_keys.invoke(SCHEDULED)
    assert len(private(table, "refresh")) == 2


def test_runs_at_once_leave_one_active_key_and_one_standby(cloud: Cloud) -> None:
    name = "at-once"
    key = create_key()
    create_table(name, read(table_name=name, kms_key_id=key).table, None)
    runs = [with_settings(name, key) for _ in range(6)]

    with ThreadPoolExecutor(len(runs)) as pool:
        list(pool.map(lambda run: run.invoke(SCHEDULED), runs))

    table = Table(clients.dynamodb(None), name)
    assert len(published(table)) == 2
    assert len(private(table, "refresh")) == 2


def test_an_operator_promotes_the_standby_and_drops_a_leaked_key(cloud: Cloud) -> None:
    rotate_keys, table = fresh_rotate_keys("emergency")
    rotate_keys.invoke(SCHEDULED)
    before = published(table)

    told = rotate_keys.invoke({"promote": "access", "drop_older": True})

    after = published(table)
    assert len(before & after) == 1
    assert len(after) == 2  # and there is a new standby
    assert private(table, "access") == after
    assert told["signing_from_now_on"] in before & after
    assert set(told["dropped"]) == before - after


@pytest.mark.parametrize(
    "event", [{"promote": "acces"}, {"promote": None}, {"promote": "access", "dropolder": True},
              {"promote": "access", "drop_older": "yes"}]
)  # fmt: skip
def test_a_typing_error_promotes_nothing(cloud: Cloud, event: dict[str, Any]) -> None:
    rotate_keys, table = fresh_rotate_keys(f"typing-error-{len(str(event))}")
    rotate_keys.invoke(SCHEDULED)
    before = table.partition("JWKS")

    with pytest.raises(InvalidRequest):
        rotate_keys.invoke(event)

    assert table.partition("JWKS") == before


def test_es256_by_setting(cloud: Cloud) -> None:
    name = "es256"
    key = create_key()
    create_table(name, read(table_name=name, kms_key_id=key).table, None)

    with_settings(name, key, SIGNING_ALGORITHM="ES256").invoke(SCHEDULED)

    items = list(Table(clients.dynamodb(None), name).partition("JWKS"))
    assert [(item["jwk"]["alg"], item["jwk"]["kty"]) for item in items] == [("ES256", "EC")] * 2


def a_deployment(server: CloudFormation, request_type: str, properties: dict[str, Any]) -> dict[str, Any]:
    event = custom_resource(server, request_type)
    return {**event, "ResourceProperties": {**event["ResourceProperties"], **properties}}


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
    rotate_keys, _ = fresh_rotate_keys(f"release-{name}")

    for request_type, properties in (("Create", FIRST), ("Update", update), ("Update", FIRST)):
        rotate_keys.invoke(a_deployment(cloudformation, request_type, properties))

    first, updated, rolled_back = cloudformation.answers
    assert (first["Status"], updated["Status"], rolled_back["Status"]) == ("SUCCESS", status, "SUCCESS")
    assert ("the parameter Release" in updated["Reason"]) == (status == "FAILED")


def test_an_error_that_nobody_expected_is_logged_and_counted(
    cloud: Cloud, cloudformation: CloudFormation, caplog: pytest.LogCaptureFixture
) -> None:
    rotate_keys, _ = fresh_rotate_keys("unexpected")
    event = custom_resource(cloudformation, "Create")
    del event["ResourceProperties"]["Issuer"]

    rotate_keys.invoke(event)

    assert cloudformation.answers[0]["Status"] == "FAILED"
    (record,) = [record for record in caplog.records if record.message == "failed"]
    assert record.__dict__["reason"].startswith("KeyError in ")
