"""`make build` says what is wrong with the blocklists that it built."""

import shutil
from collections.abc import Callable
from pathlib import Path
from random import randbytes

import pytest

from ops import check_build
from ops.check_build import MAX_FUNCTION_BYTES, blocklist_problems, size_problems
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


LITTLE = 300_000


@pytest.fixture
def small_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    assert check_build.MAX_LAYERS_BYTES == 25_000_000
    monkeypatch.setattr(check_build, "MAX_LAYERS_BYTES", LITTLE)  # so much is zipped in no time
    for name in (*check_build.LAYERS, "Login"):
        grow(tmp_path / name, 1000)
    return tmp_path


def grow(folder: Path, size: int) -> None:
    """Add a file that no zip makes smaller."""
    folder.mkdir(exist_ok=True)
    (folder / "more").write_bytes(randbytes(size))


def test_a_build_is_as_large_as_it_may_be(small_build: Path) -> None:
    grow(small_build / "Login", MAX_FUNCTION_BYTES - 1000)
    grow(small_build / check_build.CORE, LITTLE // 2)
    for layer in check_build.ELF_MACHINES:  # a function has one of the two
        grow(small_build / layer, LITTLE // 2 - 10_000)

    assert list(size_problems(small_build)) == []


@pytest.mark.parametrize(
    ("folder", "size", "told"),
    [
        ("Login", MAX_FUNCTION_BYTES, "a function is larger than 100000 bytes"),
        ("DependenciesArm64", LITTLE, "the layers are larger than 300000 bytes"),
        ("DependenciesX86", LITTLE, "the layers are larger than 300000 bytes"),
    ],
)
def test_a_layer_or_a_function_that_is_too_large_fails_the_build(
    small_build: Path, folder: str, size: int, told: str
) -> None:
    grow(small_build / folder, size)

    assert list(size_problems(small_build)) == [told]


def test_the_form_of_a_file_is_the_one_that_is_read() -> None:
    theirs = (check_build.CHECKSUM_BYTES, check_build.ENTRY_BYTES)

    assert theirs == (blocklist.CHECKSUM_BYTES, blocklist.ENTRY_BYTES)
    assert check_build.LEAST_ENTRIES.keys() == {LONG, SHORT}
    assert SHIPPED.as_posix().endswith(check_build.BLOCKLISTS.removeprefix(f"{check_build.CORE}/python/"))
