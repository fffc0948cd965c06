"""What every store of key rings promises."""

from dataclasses import replace

import pytest

from dev.aws.cloud import LOCAL, create_table
from sallyport.audit import by_operator
from sallyport.aws.dynamodb.audit import AuditTrail
from sallyport.aws.dynamodb.signing_keys import KeyRings
from sallyport.aws.dynamodb.table import Table
from sallyport.identifiers import new_id
from sallyport.keys.life_cycle import KeyRecord
from sallyport.keys.store import RingChange, RingStore, SealedKey, StoredRing
from tests.support.builders import DAY, NOW, SECOND
from tests.support.fakes import FakeRings
from tests.support.stores import table_properties

A, B = (
    SealedKey(KeyRecord(kid, "HS256", not_before, NOW, ciphertext=b"sealed", sealed_under="key"), None)
    for kid, not_before in (("a", NOW), ("b", NOW + DAY))
)
BOTH = RingChange(add=[A, B])
BY_US = by_operator("a-test")
NOW_MS = NOW * SECOND


@pytest.fixture(params=["fake", "moto", pytest.param("dynoxide", marks=pytest.mark.only_in_check)])
def rings(request: pytest.FixtureRequest) -> RingStore:
    """A store without a ring."""
    if request.param == "fake":
        return FakeRings()
    request.getfixturevalue("cloud")
    url = request.getfixturevalue("dynoxide_url") if request.param == "dynoxide" else None
    name = f"rings-{new_id()}"
    create_table(name, table_properties(), url)
    table = Table(LOCAL.dynamodb(url), name)
    return KeyRings(table, AuditTrail(table, days=400))


def test_a_ring_that_never_was_is_empty(rings: RingStore) -> None:
    assert rings.private_ring("refresh") == StoredRing(0, {})


def test_keys_come_back_as_they_were_added(rings: RingStore) -> None:
    assert rings.change_ring("refresh", BOTH, BY_US, version=0, now_ms=NOW_MS)

    assert rings.private_ring("refresh") == StoredRing(1, {"a": A.record, "b": B.record})


def test_a_key_that_is_dropped_is_gone(rings: RingStore) -> None:
    rings.change_ring("refresh", BOTH, BY_US, version=0, now_ms=NOW_MS)

    assert rings.change_ring("refresh", RingChange(drop=["a"]), BY_US, version=1, now_ms=NOW_MS)

    assert rings.private_ring("refresh") == StoredRing(2, {"b": B.record})


def test_a_key_that_is_promoted_signs_from_then_on_and_nothing_else_of_it_changes(rings: RingStore) -> None:
    rings.change_ring("refresh", BOTH, BY_US, version=0, now_ms=NOW_MS)

    assert rings.change_ring(
        "refresh", RingChange(promote="b", promoted_at=NOW + 1), BY_US, version=1, now_ms=NOW * SECOND
    )

    assert rings.private_ring("refresh").keys == {"a": A.record, "b": replace(B.record, not_before=NOW + 1)}


REFUSED = {
    "of an older version": (RingChange(drop=["a"]), 0),
    "of a newer version": (RingChange(drop=["a"]), 2),
    "with a key that is there already": (RingChange(add=[A]), 1),
    "promoting a key that is not there": (RingChange(promote="c", promoted_at=NOW), 1),
}


@pytest.mark.parametrize(("change", "version"), REFUSED.values(), ids=REFUSED.keys())
def test_a_change_is_refused_as_a_whole(rings: RingStore, change: RingChange, version: int) -> None:
    rings.change_ring("refresh", BOTH, BY_US, version=0, now_ms=NOW_MS)

    assert not rings.change_ring("refresh", replace(change, drop=["b"]), BY_US, version=version, now_ms=NOW_MS)

    assert rings.private_ring("refresh") == StoredRing(1, {"a": A.record, "b": B.record})
