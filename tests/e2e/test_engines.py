"""The client and the example page in three engines, by Node's own test runner: the field, and the usual way."""

import os
import shutil
import signal
import subprocess
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.e2e.conftest import ROOT, running
from tests.support.ports import free_ports

_NODE_MODULES = ROOT / "tests/node/node_modules"
# WebKitGTK's small browser comes with the library and is in no PATH.
_MINI_BROWSERS = "usr/lib/*/webkit2gtk-4.*/MiniBrowser"


@pytest.mark.parametrize("engine", ["chromium", "firefox", "webkit"])
def test_the_client_and_the_example_page_withstand_the_field(engine: str, tmp_path: Path) -> None:
    browser = _browser(engine)
    if not (_NODE_MODULES / "puppeteer-core").is_dir():
        pytest.skip("puppeteer-core is not installed: npm was not found")
    port, plain_port, driver_port = free_ports(3)
    key, certificate = _certificate(tmp_path)
    origins = f"https://localhost:{port},http://localhost:{plain_port}"
    with running(ALLOWED_ORIGINS=origins, REVOCATION_MODE="strict") as server:
        code, said = _run(
            ["node", "--test", "tests/node/engines/engines.test.mjs"],
            ENGINE=engine, BROWSER=browser, API=server.url, KEY=str(key), CERT=str(certificate), PORT=str(port),
            PLAIN_PORT=str(plain_port), DRIVER_PORT=str(driver_port), HOME=str(tmp_path),
        )  # fmt: skip

    assert code == 0, said[-8000:]


def _run(command: list[str], **variables: str) -> tuple[int, str]:
    """Run in a group of its own, and end all that it started. Returns the exit code and what it said."""
    process = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **variables}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        said, _ = process.communicate(timeout=300)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)  # puppeteer passes it on to its browser
    return process.returncode, said


def _browser(engine: str) -> str:
    """Return the engine's browser, or skip and say what is missing."""
    if engine == "webkit":
        found = [str(path) for path in Path("/").glob(_MINI_BROWSERS)]
        missing = [program for program in ("WebKitWebDriver", "Xvfb") if shutil.which(program) is None]
        if missing or not found:
            pytest.skip(f"not installed: {', '.join(missing) or 'MiniBrowser'} (Debian's webkit2gtk-driver and xvfb)")
        return found[0]
    program = {"chromium": "chromium", "firefox": "firefox-esr"}[engine]
    path = shutil.which(program)
    if path is None:
        pytest.skip(f"{program} is not installed")
    return path


def _certificate(folder: Path) -> tuple[Path, Path]:
    """Write a key and a certificate for localhost that nobody trusts. Returns both paths."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    files = folder / "key.pem", folder / "certificate.pem"
    plain = serialization.NoEncryption()
    files[0].write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    files[1].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return files
