"""A certificate for this machine's own names, and the authority that signs it: made once, in a folder of the user.

The authority's key is never written anywhere: whatever somebody reads of this disk, it signs no certificate for another
name. Its own certificate allows no other name either (RFC 5280 s4.2.1.10).
"""

import os
import shutil
import stat
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LIFE = timedelta(days=820)
"""Apple's systems accept 825 days at most (https://support.apple.com/HT210176)."""

AUTHORITY_NAME = "Sallyport on this machine"

_RENEWED_BEFORE_ITS_END = timedelta(days=7)
_CLOCKS_DIFFER = timedelta(hours=1)
_NAME = "localhost"
_ADDRESSES = ("127.0.0.1", "::1")
_ONLY_THE_USER = 0o600


class UnsafeKeyError(Exception):
    """Somebody else may have read the key of the certificate, which browsers here trust."""


@dataclass(frozen=True)
class Certificate:
    """Where the parts are, as PEM: the authority to trust, the certificate, and its key."""

    authority: Path
    certificate: Path
    key: Path


def folder_of(environ: Mapping[str, str]) -> Path:
    """Return where certificates are kept: beside other data of the user, for all clones."""
    data = environ.get("XDG_DATA_HOME") or Path(environ.get("HOME") or Path.home()) / ".local/share"
    return Path(data) / "sallyport" / "localhost"


def kept_in(folder: Path, *, now: datetime) -> Certificate:
    """Return the certificate in a folder. Make one if there is none, or if it ends within a week.

    A new one has a new authority, which has to be trusted anew. Raises UnsafeKeyError, and OSError.
    """
    found = Certificate(folder / "authority.pem", folder / "certificate.pem", folder / "key.pem")
    if found.key.exists():
        _refuse_if_others_may_read(found.key)
        if _end_of(found.certificate) - now > _RENEWED_BEFORE_ITS_END:
            return found
        shutil.rmtree(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(dir=folder.parent))  # nobody else may look into it
    try:
        _make(made, now)
        made.rename(folder)  # whole, or not at all
    except OSError:
        shutil.rmtree(made, ignore_errors=True)
        if not found.key.exists():  # or another process was quicker
            raise
    return found


def _refuse_if_others_may_read(key: Path) -> None:
    mode = stat.S_IMODE(key.stat().st_mode)
    if mode & ~_ONLY_THE_USER:
        raise UnsafeKeyError(
            f"others may have read {key} (its mode is {mode:04o}, and should be {_ONLY_THE_USER:04o}), with which they"
            f" could pose as https://localhost; delete the folder {key.parent}, and no longer trust its authority.pem"
        )


def _end_of(certificate: Path) -> datetime:
    return x509.load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc


def _make(folder: Path, now: datetime) -> None:
    signer, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    authority = _authority(signer, now)
    certificate = _certificate(key, authority, signer, now)
    (folder / "authority.pem").write_bytes(authority.public_bytes(Encoding.PEM))
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with os.fdopen(os.open(folder / "key.pem", os.O_WRONLY | os.O_CREAT | os.O_EXCL, _ONLY_THE_USER), "wb") as file:
        file.write(secret)


def _authority(signer: ec.EllipticCurvePrivateKey, now: datetime) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, AUTHORITY_NAME)])
    networks = [x509.IPAddress(ip_network(address)) for address in _ADDRESSES]
    return (
        _begun(name, name, signer, now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_may(sign_certificates=True), critical=True)
        .add_extension(x509.NameConstraints([x509.DNSName(_NAME), *networks], None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(signer.public_key()), critical=False)
        .sign(signer, SHA256())
    )


def _certificate(
    key: ec.EllipticCurvePrivateKey, authority: x509.Certificate, signer: ec.EllipticCurvePrivateKey, now: datetime
) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, _NAME)])
    addresses = [x509.IPAddress(ip_address(address)) for address in _ADDRESSES]
    return (
        _begun(name, authority.subject, key, now)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_may(sign_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(_NAME), *addresses]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .sign(signer, SHA256())
    )


def _begun(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCKS_DIFFER)
        .not_valid_after(now + LIFE)
    )


def _may(*, sign_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not sign_certificates,
        key_cert_sign=sign_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
