"""Check what `make build` built: `python -m ops.check_build <build folder>`.

Every native module is for its layer's architecture. Every module has bytecode that Python uses from a read-only folder
without looking at its source. The blocklists are whole, and as long as they should be at least. Nothing is larger than
it may be. Prints the sizes; exits with 1 if anything is wrong.
"""

import io
import struct
import sys
import zipfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

ELF_MACHINES = {"DependenciesX86": 62, "DependenciesArm64": 183}
UNCHECKED_HASH = 0b01  # PEP 552

CORE = "CoreLayer"
LAYERS = (*ELF_MACHINES, CORE)
BLOCKLISTS = f"{CORE}/python/sallyport/accounts/blocklists"
LEAST_ENTRIES = {"long.bin": 300_000, "short.bin": 100_000}
CHECKSUM_BYTES, ENTRY_BYTES = 32, 6  # as in sallyport/accounts/blocklist.py, which need not be installed here

MAX_LAYERS_BYTES = 25_000_000
MAX_FUNCTION_BYTES = 100_000


def problems(build: Path) -> Iterator[str]:
    """Yield what is wrong with a build, one line each."""
    for library in build.rglob("*.so*"):
        machine = struct.unpack_from("<H", library.read_bytes(), 18)[0]
        folder = library.relative_to(build).parts[0]
        if machine != ELF_MACHINES.get(folder):
            yield f"{library} is a native module for another machine than {folder}'s"
    for layer in LAYERS:
        for source in (build / layer).rglob("*.py"):
            yield from _bytecode_problems(source)
    yield from blocklist_problems(build / BLOCKLISTS)
    yield from size_problems(build)


def blocklist_problems(folder: Path) -> Iterator[str]:
    """Yield what is wrong with the blocklists of a layer: a function without them takes no new password."""
    for name, least in LEAST_ENTRIES.items():
        data = (folder / name).read_bytes() if (folder / name).exists() else b""
        entries = (len(data) - CHECKSUM_BYTES) // ENTRY_BYTES
        if entries < least:
            yield f"{folder / name} has {max(entries, 0)} passwords, and {least} would be few"
        elif sha256(data[CHECKSUM_BYTES:]).digest() != data[:CHECKSUM_BYTES]:
            yield f"{folder / name} is damaged"
    if not (folder / "LICENSES").exists():
        yield f"{folder} ships without the licences of the lists that it is made from"


def _bytecode_problems(source: Path) -> Iterator[str]:
    compiled = source.parent / "__pycache__" / f"{source.stem}.cpython-313.pyc"
    if not compiled.exists():
        yield f"{source} has no bytecode for Python 3.13"
    elif struct.unpack_from("<I", compiled.read_bytes(), 4)[0] != UNCHECKED_HASH:
        yield f"{compiled} would be checked against its source"


def size_problems(build: Path) -> Iterator[str]:
    """Yield what is too large once it is zipped: every new environment fetches it."""
    sizes = {folder.name: _zipped(folder) for folder in sorted(build.iterdir()) if folder.is_dir()}
    layers = sizes[CORE] + max(sizes[layer] for layer in ELF_MACHINES)  # a function has one of them
    functions = max(size for name, size in sizes.items() if name not in LAYERS)
    print(f"{build}: layers {layers / 1e6:.1f} MB zipped, the largest function {functions / 1e3:.1f} kB")
    if layers > MAX_LAYERS_BYTES:
        yield f"the layers are larger than {MAX_LAYERS_BYTES} bytes"
    if functions > MAX_FUNCTION_BYTES:
        yield f"a function is larger than {MAX_FUNCTION_BYTES} bytes"


def _zipped(folder: Path) -> int:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in folder.rglob("*"):
            archive.write(path, path.relative_to(folder))
    return len(data.getvalue())


if __name__ == "__main__":
    found = list(problems(Path(sys.argv[1])))
    print(*found[:20], sep="\n", end="\n" if found else "")
    sys.exit(bool(found))
