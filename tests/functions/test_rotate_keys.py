"""rotate_keys, event in: what becomes of the rings."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import boto3
import pytest

from dev.aws.cloud import LOCAL, Cloud, create_key, create_table
from dev.lambda_host.functions import LocalFunction
from dev.sam.stack import read
from dev.sam.template import ROOT, FunctionSpec
from sallyport.aws.dynamodb.table import Table
from sallyport.errors import InvalidRequest
from tests.support.builders import DAY
from tests.support.deployed import sample
from tests.support.stopped_time import MovableTime


def with_settings(name: str, key: str, **settings: str) -> LocalFunction:
    environment = {"TABLE_NAME": name, "KMS_KEY_ID": key, "ISSUER": "", "SIGNING_ALGORITHM": "", **settings}
    return LocalFunction(FunctionSpec("RotateKeys", ROOT / "functions" / "rotate_keys", environment, timeout=60))


def fresh_rotate_keys(name: str) -> tuple[LocalFunction, Table]:
    key = create_key()
    create_table(name, read(table_name=name, kms_key_id=key).table, None)
    return with_settings(name, key), Table(LOCAL.dynamodb(), name)


SCHEDULED = sample("rotate_keys_scheduled")


def published(table: Table) -> set[str]:
    return {item["SK"] for item in table.partition("JWKS")} - {"ISSUER"}


def private(table: Table, use: str) -> set[str]:
    return {item["SK"] for item in table.partition(f"SIGNING#{use}")} - {"RING"}


def test_private_keys_rest_as_ciphertext_bound_to_their_use(cloud: Cloud) -> None:
    rotate_keys, table = fresh_rotate_keys("at-rest")
    rotate_keys.invoke({})
    kms = boto3.client("kms")

    for use in ("access", "refresh"):
        for item in [item for item in table.partition(f"SIGNING#{use}") if item["SK"] != "RING"]:
            sealed, context = item["ciphertext"], {"use": use, "kid": item["SK"]}
            assert kms.decrypt(CiphertextBlob=sealed, EncryptionContext=context)["Plaintext"] not in sealed
            for wrong in ({**context, "use": "other"}, {**context, "kid": "other"}, {}):
                with pytest.raises(kms.exceptions.InvalidCiphertextException):
                    kms.decrypt(CiphertextBlob=sealed, EncryptionContext=wrong)


@pytest.mark.only_in_check
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
    kept = private(table, "refresh")
    assert len(kept) == 3  # sessions of 400 days that the first one signed may still live

    clock.advance(398 * DAY)
    rotate_keys.invoke(SCHEDULED)
    assert kept < private(table, "refresh")
    clock.advance(2 * DAY)
    rotate_keys.invoke(SCHEDULED)
    assert len(kept - private(table, "refresh")) == 1


def test_runs_at_once_leave_one_active_key_and_one_standby(cloud: Cloud) -> None:
    name = "at-once"
    key = create_key()
    create_table(name, read(table_name=name, kms_key_id=key).table, None)
    runs = [with_settings(name, key) for _ in range(6)]

    with ThreadPoolExecutor(len(runs)) as pool:
        list(pool.map(lambda run: run.invoke(SCHEDULED), runs))

    table = Table(LOCAL.dynamodb(), name)
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


NO_EVENTS = [
    {"promote": "acces"}, {"promote": None}, {"promote": "access", "dropolder": True}, {"drop_older": True},
    {"promote": "access", "drop_older": "yes"}, {"promte": "access", "drop_older": True}, {"source": "aws.s3"},
    {"ResponseURL": "http://127.0.0.1:1/"}, {**SCHEDULED, "promote": "access"}, {**SCHEDULED, "promte": "access"},
    {"operator": "ann, or bob"}, {"operator": 7}, {"operater": "ann"}, {"promote": "access", "operator": 'a"b'},
    None, [], "", 0, False, "promote", ["promote"],
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(NO_EVENTS)))
def test_a_typing_error_is_neither_a_promotion_nor_a_daily_run(cloud: Cloud, number: int) -> None:
    """Nothing at all is done: the table of this run has no keys yet, and gets none."""
    rotate_keys, table = fresh_rotate_keys(f"typing-error-{number}")

    with pytest.raises(InvalidRequest):
        rotate_keys.invoke(cast("Any", NO_EVENTS[number]))

    assert not table.partition("JWKS")
    assert not table.partition("SIGNING#access")


def test_es256_by_setting(cloud: Cloud) -> None:
    name = "es256"
    key = create_key()
    create_table(name, read(table_name=name, kms_key_id=key).table, None)

    with_settings(name, key, SIGNING_ALGORITHM="ES256").invoke(SCHEDULED)

    items = list(Table(LOCAL.dynamodb(), name).partition("JWKS"))
    assert [(item["jwk"]["alg"], item["jwk"]["kty"]) for item in items] == [("ES256", "EC")] * 2
