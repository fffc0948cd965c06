"""Identifiers: what we make, and what may be one."""

import pytest

from sallyport.identifiers import is_id, is_user_id, new_id, new_user_id


def test_what_we_make_is_one() -> None:
    assert is_id(new_id())
    assert is_id(new_user_id())


def test_a_user_id_that_looks_like_a_machines_or_a_decoys_is_drawn_again() -> None:
    drawn = iter(["c_AAAA", "decoy_", "c_BBBB", "C_good", "unused"])

    assert new_user_id(lambda: next(drawn)) == "C_good"
    assert next(drawn) == "unused"


@pytest.mark.parametrize("text", ["a", "4711", "c_AAAAAAAAAAAAAAAAAAAA", "a-b_c", "A" * 64])
def test_an_imported_user_may_have_any_short_id(text: str) -> None:
    assert is_user_id(text)


@pytest.mark.parametrize("text", ["", "A" * 65, "a b", "a#b", "USER#a", "ä", "a\n"])
def test_nothing_that_could_forge_a_table_key_is_an_id(text: str) -> None:
    assert not is_user_id(text)
    assert not is_id(text)
