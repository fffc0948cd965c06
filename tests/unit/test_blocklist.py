"""The list of common passwords: what a file of it holds, how it is looked up, and that nothing is taken without it."""

import unicodedata
from collections.abc import Callable
from pathlib import Path

import make_blocklists
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sallyport.accounts.blocklist import (
    CHECKSUM_BYTES,
    ENTRY_BYTES,
    LONG,
    SHIPPED,
    SHORT,
    ListFile,
    caseless,
    packed,
    shipped,
)
from sallyport.errors import BlocklistUnreadable, Unavailable

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "list.bin"
    path.write_bytes(packed(["one", "two", "three"]))
    return path


@given(listed=st.sets(texts, min_size=1), others=st.sets(texts))
def test_a_file_holds_what_was_put_in_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, listed: set[str], others: set[str]
) -> None:
    path = tmp_path_factory.mktemp("lists") / "list.bin"
    path.write_bytes(packed(listed))

    blocklist = ListFile(path)

    assert all(text in blocklist for text in listed)
    assert not any(text in blocklist for text in others - listed)


def test_the_same_texts_in_any_order_give_the_same_file() -> None:
    assert packed(["a", "b", "c", "a"]) == packed(["c", "b", "a"])


@given(texts)
def test_the_caseless_form_is_the_same_for_every_way_to_write_a_text(text: str) -> None:
    known_as = caseless(text)

    assert caseless(known_as) == known_as
    assert caseless(unicodedata.normalize("NFD", text)) == known_as
    assert unicodedata.is_normalized("NFC", known_as)


@pytest.mark.parametrize(
    ("one", "other"),
    [("PassWord", "password"), ("Ünïcode", "u\u0308nI\u0308CODE"), ("J\u030c", "\u01f0"), ("ПАРОЛЬ", "пароль")],
)
def test_case_and_composition_do_not_matter(one: str, other: str) -> None:
    assert caseless(one) == caseless(other)


def damaged(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])


def cut_between_entries(data: bytes) -> bytes:
    return data[:-ENTRY_BYTES]


def nothing(_: bytes) -> bytes:
    return b""


def half_a_checksum(data: bytes) -> bytes:
    return data[: CHECKSUM_BYTES // 2]


def without_entries(_: bytes) -> bytes:
    return packed([])


def text_instead(_: bytes) -> bytes:
    return b"password\n" * 100


@pytest.mark.parametrize(
    "harm", [damaged, cut_between_entries, nothing, half_a_checksum, without_entries, text_instead]
)
def test_a_file_that_is_not_whole_refuses_every_look_up(file: Path, harm: Callable[[bytes], bytes]) -> None:
    file.write_bytes(harm(file.read_bytes()))
    blocklist = ListFile(file)

    for _ in range(2):
        with pytest.raises(BlocklistUnreadable) as refused:
            assert "four" not in blocklist
        assert "list.bin" in refused.value.reason


def test_a_missing_file_is_met_at_the_first_look_up_and_may_be_there_at_the_next(tmp_path: Path) -> None:
    blocklist = ListFile(tmp_path / "list.bin")

    with pytest.raises(Unavailable, match=r"list\.bin is missing"):
        assert "one" not in blocklist
    (tmp_path / "list.bin").write_bytes(packed(["one"]))

    assert "one" in blocklist


def test_a_file_is_read_once(file: Path) -> None:
    blocklist = ListFile(file)
    assert "one" in blocklist

    file.unlink()

    assert "one" in blocklist
    assert "four" not in blocklist


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / LONG).write_bytes(packed(["a long password that is common"]))
    return tmp_path


def test_from_15_characters_on_the_short_list_is_not_even_opened(folder: Path) -> None:
    blocklist = shipped(15, folder)

    assert "a long password that is common" in blocklist
    assert "short and common" not in blocklist


def test_below_15_characters_both_lists_count(folder: Path) -> None:
    with pytest.raises(BlocklistUnreadable, match=r"short\.bin"):
        assert "password" not in shipped(14, folder)

    (folder / SHORT).write_bytes(packed(["password"]))

    both = shipped(14, folder)
    assert "password" in both
    assert "a long password that is common" in both
    assert "drowssap" not in both


@pytest.mark.parametrize(("name", "entries"), [(LONG, 337_335), (SHORT, 146_726)])
def test_the_lists_that_ship_have_this_many_entries(name: str, entries: int) -> None:
    assert ((SHIPPED / name).stat().st_size - CHECKSUM_BYTES) / ENTRY_BYTES == entries


def test_the_lists_ship_with_the_licences_of_those_they_are_made_from() -> None:
    text = (SHIPPED / "LICENSES").read_text()

    assert "Copyright (c) 2025 Seantis GmbH" in text
    assert "Copyright (c) 2016 Daniel Wolf" in text
    assert text.count("Permission is hereby granted, free of charge") == 2


@pytest.mark.only_in_check
def test_making_the_lists_again_gives_the_same_bytes(tmp_path: Path) -> None:
    make_blocklists.main(tmp_path)

    for file in sorted(SHIPPED.iterdir()):
        assert (tmp_path / file.name).read_bytes() == file.read_bytes(), file.name


def test_a_usual_short_password_is_one_that_was_found_in_several_spellings_or_very_often() -> None:
    usual = set(make_blocklists.short_passwords({"spelt twice": 2, "spelt once": 1, "long, and spelt twice": 2}))

    assert {"spelt twice", "password"} <= usual
    assert usual.isdisjoint({"spelt once", "long, and spelt twice", "dragon"})
    assert {len(known_as) for known_as in usual} <= set(range(8, 15))


def test_every_password_that_is_long_in_its_caseless_form_is_listed() -> None:
    found = {"x" * 15: 1, "y" * 14: 9, "ü" * 15: 1}

    assert set(make_blocklists.long_passwords(found)) == {"x" * 15, "ü" * 15}
