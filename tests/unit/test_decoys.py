"""Decoys: nobody can be one, and which address reads which."""

from collections import Counter

import pytest

from sallyport.accounts.decoys import COUNT, DECOYS, decoys_for, is_decoy
from sallyport.accounts.email import InvalidEmail, canonical
from sallyport.accounts.user import User, new_user
from sallyport.aws.dynamodb.user_items import items_of
from sallyport.identifiers import is_id, is_user_id
from tests.support.builders import NOW


def test_there_are_sixty_four_with_ids_and_addresses_of_their_own() -> None:
    assert len(DECOYS) == COUNT == 64
    assert len({decoy.user_id for decoy in DECOYS}) == len({decoy.email for decoy in DECOYS}) == 64


def test_nobody_can_register_or_log_in_with_a_decoys_address() -> None:
    for decoy in DECOYS:
        with pytest.raises(InvalidEmail):
            canonical(decoy.email)


def test_a_decoys_id_is_as_long_as_a_users_and_known_by_its_beginning() -> None:
    assert all(is_id(decoy.user_id) and is_user_id(decoy.user_id) and is_decoy(decoy.user_id) for decoy in DECOYS)
    assert not is_decoy(new_user("ann@example.com", now=NOW).user_id)


def test_a_decoys_items_have_the_attributes_of_a_users_and_nearly_their_size() -> None:
    def shapes(user: User) -> list[dict[str, type]]:
        return [{name: type(value) for name, value in item.items()} for item in items_of(user, "a hash")]

    user = new_user("ann.example@example.com", is_verified=True, now=NOW)

    for decoy in DECOYS:
        assert shapes(decoy) == shapes(user)
        assert abs(len(str(items_of(decoy, "a hash"))) - len(str(items_of(user, "a hash")))) <= 4


def test_an_address_always_reads_the_same_decoy_and_all_are_read_alike() -> None:
    addresses = [f"{number}@example.com" for number in range(6400)]

    read = Counter(decoy.user_id for email in addresses for decoy in decoys_for(email))

    assert [decoys_for(email) for email in addresses[:100]] == [decoys_for(email) for email in addresses[:100]]
    assert len(read) == 64
    assert max(read.values()) < 2 * 200
    assert all(first != second for first, second in map(decoys_for, addresses))
