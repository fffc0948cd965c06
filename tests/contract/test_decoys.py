"""The decoys in a table: made, kept, hidden, and read in place of accounts that there are not."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import boto3
import pytest

from benchmarks.engine import Bill
from dev.aws.cloud import LOCAL, Cloud, create_table
from dev.sam.stack import read
from sallyport.accounts.decoys import DECOYS
from sallyport.accounts.hashing import Parameters, Passwords
from sallyport.accounts.throttle import LOGIN_SCOPE, key_of_address
from sallyport.aws.by_botocore import ByBotocore
from sallyport.aws.dynamodb.decoys import Decoys
from sallyport.aws.dynamodb.table import Item, Key, Table
from sallyport.aws.dynamodb.throttle import throttle_key
from sallyport.aws.dynamodb.user_items import credential_key, keys_of, user_key
from sallyport.identifiers import new_id
from sallyport.use_cases.keep_decoys import KeepDecoys
from tests.support.builders import NOW, SECOND, WEAK_PASSWORDS, a_user, an_audit
from tests.support.stores import Stores, in_table

WEAK_PARAMETERS = Parameters(memory_kib=8, time_cost=1)


class CountedTable(Table):
    """Counts the calls, the keys asked for, the items found and the items written."""

    calls = keys = found = written = 0

    def get(self, *keys: Key) -> list[Item | None]:
        items = super().get(*keys)
        self.calls += 1
        self.keys += len(keys)
        self.found += sum(item is not None for item in items)
        return items

    def put_each(self, items: Sequence[Item]) -> None:
        super().put_each(items)
        self.written += len(items)

    def begin(self) -> None:
        self.calls = self.keys = self.found = self.written = 0

    @property
    def work(self) -> tuple[int, int, int]:
        return self.calls, self.keys, self.found


@dataclass(frozen=True)
class Kept:
    table: CountedTable
    stores: Stores

    def keep(self, passwords: Passwords = WEAK_PASSWORDS) -> int:
        self.table.begin()
        return KeepDecoys(store=Decoys(self.table), passwords=passwords)()

    def items(self) -> list[Item | None]:
        return [item for decoy in DECOYS for item in self.table.get(*keys_of(decoy))]

    def work_for(self, email: str) -> tuple[int, int, int]:
        self.table.begin()
        self.stores.accounts.find(email)
        return self.table.work


@pytest.fixture(params=["moto", pytest.param("dynoxide", marks=pytest.mark.only_in_check)])
def kept(request: pytest.FixtureRequest, cloud: Cloud) -> Iterator[Kept]:
    """A table of its own, because moto copies a table whole for every transaction."""
    url = request.getfixturevalue("dynoxide_url") if request.param == "dynoxide" else None
    name = f"decoys-{new_id()}"
    create_table(name, read(table_name=name, kms_key_id="unused").table, url)
    table = CountedTable(LOCAL.dynamodb(url), name)
    yield Kept(table, in_table(table))
    boto3.client("dynamodb", endpoint_url=url).delete_table(TableName=name)


def test_the_first_run_makes_all_of_them_with_one_hash(kept: Kept) -> None:
    assert kept.keep() == 64

    items = kept.items()
    assert all(items)
    hashes = {item["password_hash"] for item in items if item and "password_hash" in item}
    assert len(hashes) == 1
    assert WEAK_PASSWORDS.is_current(hashes.pop())
    assert {item["status"] for item in items if item and "status" in item} == {"disabled"}


def test_another_run_reads_twice_and_writes_nothing(kept: Kept) -> None:
    kept.keep()
    before = kept.items()

    assert kept.keep() == 0

    assert (kept.table.calls, kept.table.written) == (2, 0)
    assert kept.items() == before


def test_decoys_that_are_missing_or_were_changed_are_made_anew_and_no_others(kept: Kept) -> None:
    kept.keep()
    gone, half_gone, enabled, unlike = DECOYS[3], DECOYS[32], DECOYS[33], DECOYS[63]
    kept.table.delete([*keys_of(gone), credential_key(half_gone.user_id)])
    (user,) = kept.table.get(user_key(enabled.user_id))
    kept.table.put({**(user or {}), "status": "active"})
    kept.table.put({"PK": f"CREDENTIAL#{unlike.user_id}", "SK": "CREDENTIAL", "password_hash": "no hash"})

    assert kept.keep() == 4

    assert kept.table.written == 4 * 3
    assert kept.keep() == 0


def test_a_release_with_other_parameters_makes_all_anew(kept: Kept) -> None:
    kept.keep()
    todays = Passwords(Parameters(memory_kib=16, time_cost=1), WEAK_PARAMETERS)

    assert kept.keep(todays) == 64

    hashes = {item["password_hash"] for item in kept.items() if item and "password_hash" in item}
    assert all(todays.is_current(each) for each in hashes)
    assert kept.keep(todays) == 0


def test_no_decoy_is_listed_or_found_by_its_id(kept: Kept) -> None:
    users = [a_user() for _ in range(3)]
    for user in users:
        kept.stores.accounts.create(user, "hash", an_audit(user))
    kept.keep()

    listed, after = kept.stores.accounts.page(2)
    rest, end = kept.stores.accounts.page(2, after=after)

    assert {user.user_id for user in (*listed, *rest)} == {user.user_id for user in users}
    assert end is None
    assert [kept.stores.accounts.get(decoy.user_id) for decoy in DECOYS] == [None] * 64


def every_kind_of_address(kept: Kept) -> dict[str, str]:
    """Return an address of each kind that a stranger would tell apart."""
    known, disabled, without_password, logged_in = a_user(), a_user(status="disabled"), a_user(), a_user()
    for user in (known, disabled, without_password, logged_in):
        kept.stores.accounts.create(user, "hash", an_audit(user))
    pk, sk = throttle_key(key_of_address(logged_in.email), LOGIN_SCOPE)
    kept.table.put({"PK": pk, "SK": sk, "tat": NOW * SECOND})
    pk, sk = throttle_key(key_of_address("tried@example.com"), LOGIN_SCOPE)
    kept.table.put({"PK": pk, "SK": sk, "failures": 1, "failed_at": NOW * SECOND})
    kept.table.put({"PK": f"CREDENTIAL#{without_password.user_id}", "SK": "CREDENTIAL"})
    return {
        "known": known.email,
        "disabled": disabled.email,
        "logged in of late": logged_in.email,
        "without a password": without_password.email,
        "unknown": "nobody@example.com",
        "unknown, too": "somebody.else@example.org",
        "unknown, and tried of late": "tried@example.com",
    }


def test_l02_looking_for_any_address_asks_for_six_keys_and_finds_four_items(kept: Kept) -> None:
    kept.keep()

    work = {kind: kept.work_for(email) for kind, email in every_kind_of_address(kept).items()}

    assert set(work.values()) == {(2, 6, 4)}, work


def test_before_the_first_decoys_are_made_the_same_calls_find_whom_there_is(kept: Kept) -> None:
    """A release's functions may run before its deployment has made them."""
    addresses = every_kind_of_address(kept)

    found = {kind: kept.stores.accounts.find(email).account is not None for kind, email in addresses.items()}

    assert found == {kind: not kind.startswith("unknown") for kind in addresses}
    assert {kept.work_for(email)[:2] for email in addresses.values()} == {(2, 6)}


@pytest.mark.only_in_check
def test_l02_looking_for_any_address_costs_six_units(dynoxide_url: str) -> None:
    bill, name = Bill(), f"decoys-{new_id()}"
    create_table(name, read(table_name=name, kms_key_id="unused").table, dynoxide_url)
    table = CountedTable(ByBotocore(bill.metered(dynoxide_url)), name)
    kept = Kept(table, in_table(table))
    kept.keep()

    def units(email: str) -> float:
        bill.units.clear()
        kept.stores.accounts.find(email)
        return sum(bill.units)

    assert {units(email) for email in every_kind_of_address(kept).values()} == {6}
