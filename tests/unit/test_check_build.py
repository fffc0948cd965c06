"""`make build` says what is wrong with the blocklists that it built."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ops import check_build
from ops.check_build import blocklist_problems
from sallyport.accounts import blocklist
from sallyport.accounts.blocklist import LONG, SHIPPED, SHORT, packed


def half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def one_bit(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[1000] ^= 1
    path.write_bytes(data)


def a_few(path: Path) -> None:
    path.write_bytes(packed(["password"]))


def test_the_blocklists_of_a_checkout_are_as_they_should_be() -> None:
    assert list(blocklist_problems(SHIPPED)) == []


@pytest.mark.parametrize("name", [LONG, SHORT])
@pytest.mark.parametrize(("harm", "why"), [(half, "would be few"), (one_bit, "damaged"), (a_few, "has 1 passwords")])
def test_a_blocklist_that_is_short_or_damaged_fails_the_build(
    tmp_path: Path, name: str, harm: Callable[[Path], None], why: str
) -> None:
    shutil.copytree(SHIPPED, tmp_path, dirs_exist_ok=True)

    harm(tmp_path / name)

    (told,) = blocklist_problems(tmp_path)
    assert name in told
    assert why in told


def test_a_layer_without_blocklists_fails_the_build(tmp_path: Path) -> None:
    told = list(blocklist_problems(tmp_path))

    assert len(told) == 3
    assert told[0].endswith("has 0 passwords, and 300000 would be few")


def test_the_form_of_a_file_is_the_one_that_is_read() -> None:
    theirs = (check_build.CHECKSUM_BYTES, check_build.ENTRY_BYTES)

    assert theirs == (blocklist.CHECKSUM_BYTES, blocklist.ENTRY_BYTES)
    assert check_build.LEAST_ENTRIES.keys() == {LONG, SHORT}
    assert SHIPPED.as_posix().endswith(check_build.BLOCKLISTS.removeprefix(f"{check_build.CORE}/python/"))
