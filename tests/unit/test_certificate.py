"""The certificate of `make dev HTTPS=1`: whom it may speak for, who may read its key, and when there is another."""

import ssl
import stat
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from dev.tls import certificate, trusting
from dev.tls.certificate import LIFE, Certificate, UnsafeKeyError, folder_of, kept_in

NOW = datetime(2026, 11, 26, tzinfo=UTC)


@pytest.fixture
def made(tmp_path: Path) -> Certificate:
    return kept_in(tmp_path / "data" / "localhost", now=NOW)


def read(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


@pytest.mark.parametrize(
    "name", [x509.DNSName("localhost"), *(x509.IPAddress(ip_address(a)) for a in ("127.0.0.1", "::1"))], ids=str
)
def test_it_speaks_for_each_name_of_this_machine(made: Certificate, name: x509.DNSName | x509.IPAddress) -> None:
    verifier = PolicyBuilder().store(Store([read(made.authority)])).time(NOW).build_server_verifier(name)

    assert len(verifier.verify(read(made.certificate), [])) == 2


def test_it_speaks_for_nobody_else(made: Certificate) -> None:
    store = Store([read(made.authority)])
    verifier = PolicyBuilder().store(store).time(NOW).build_server_verifier(x509.DNSName("example.com"))

    with pytest.raises(VerificationError):
        verifier.verify(read(made.certificate), [])


def test_the_authority_may_vouch_for_this_machine_only_and_its_key_is_nowhere(made: Certificate) -> None:
    authority = read(made.authority)

    constraints = authority.extensions.get_extension_for_class(x509.NameConstraints)
    assert constraints.critical
    assert constraints.value.excluded_subtrees is None
    assert constraints.value.permitted_subtrees == [
        x509.DNSName("localhost"),
        *(x509.IPAddress(ip_network(address)) for address in ("127.0.0.1/32", "::1/128")),
    ]
    assert authority.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length == 0
    files = sorted(made.key.parent.iterdir())
    assert files == sorted([made.authority, made.certificate, made.key])
    key = serialization.load_pem_private_key(made.key.read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    assert key.public_key() == read(made.certificate).public_key() != authority.public_key()


def test_only_the_user_may_read_the_key(made: Certificate) -> None:
    assert [stat.S_IMODE(path.stat().st_mode) for path in (made.key, made.key.parent)] == [0o600, 0o700]


def test_a_key_that_others_may_read_is_refused_and_the_folder_named(made: Certificate) -> None:
    made.key.chmod(0o640)

    with pytest.raises(UnsafeKeyError, match=f"0640.* delete the folder {made.key.parent}"):
        kept_in(made.key.parent, now=NOW)


def test_it_is_made_once_and_again_a_week_before_its_end(made: Certificate) -> None:
    first = made.authority.read_bytes()
    last_week = NOW + LIFE - timedelta(days=7)

    assert kept_in(made.key.parent, now=last_week - timedelta(seconds=1)) == made
    assert made.authority.read_bytes() == first
    assert kept_in(made.key.parent, now=last_week) == made
    assert made.authority.read_bytes() != first
    assert read(made.certificate).not_valid_after_utc == last_week + LIFE
    assert [path.name for path in made.key.parent.parent.iterdir()] == ["localhost"]


def test_of_two_that_make_one_at_once_both_use_the_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "localhost"
    make, others = certificate._make, []

    def slowly(made: Path, now: datetime) -> None:
        monkeypatch.setattr(certificate, "_make", make)
        others.append(kept_in(folder, now=NOW).authority.read_bytes())
        make(made, now)

    monkeypatch.setattr(certificate, "_make", slowly)

    assert [kept_in(folder, now=NOW).authority.read_bytes()] == others
    assert [path.name for path in tmp_path.iterdir()] == ["localhost"]


def test_it_lives_no_longer_than_apples_systems_accept(made: Certificate) -> None:
    leaf = read(made.certificate)

    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc < timedelta(days=825)
    assert NOW - leaf.not_valid_before_utc == timedelta(hours=1)


def test_openssl_takes_key_and_certificate_for_a_pair(made: Certificate) -> None:
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(made.certificate, made.key)


def test_it_is_kept_with_the_users_data() -> None:
    assert folder_of({"HOME": "/somewhere"}) == Path("/somewhere/.local/share/sallyport/localhost")
    assert folder_of({"HOME": "/somewhere", "XDG_DATA_HOME": "/data"}) == Path("/data/sallyport/localhost")


@pytest.mark.parametrize("system", ["macOS", "Debian", "Ubuntu", "Fedora", "Windows", "Firefox"])
def test_each_system_has_one_line_that_trusts_it(system: str) -> None:
    told = list(trusting.lines(Path("/data/au thority.pem")))

    (line,) = [line for line in told if system in line.split(":")[0]]
    assert "/data/au thority.pem" in line
    assert "'/data/au thority.pem'" in line or system == "Firefox"
