"""Reading an RSA private key in PKCS #8 DER (RFC 5208, RFC 8017 A.1.2), as `keys/make.py` writes it.

`cryptography` can do that, too, behind an import that also loads SSH and ciphers: the start of a function that signs
would wait for it (docs/decisions/0002-strict-envelope.md).
"""

from collections.abc import Iterator

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPrivateNumbers, RSAPublicNumbers

_INTEGER, _OCTETS, _SEQUENCE = 0x02, 0x04, 0x30
_RSA = bytes.fromhex("06092a864886f70d0101010500")  # rsaEncryption (RFC 8017 A.1), and parameters that are NULL


def rsa_private_key(der: bytes) -> RSAPrivateKey:
    """Read a key of two primes. Raises ValueError if it is anything else.

    The arithmetic is not proven again. It would cost 30 ms of every cold start, and whoever calls has the key from KMS,
    which authenticates the ciphertext together with its `kid`.
    """
    whole = _only(der)
    version, algorithm, key = whole
    if version != (_INTEGER, b"\x00") or algorithm != (_SEQUENCE, _RSA) or key[0] != _OCTETS:
        raise ValueError("not an RSA key in PKCS #8")
    numbers = _only(key[1])
    if len(numbers) != 9 or any(tag != _INTEGER for tag, _ in numbers):
        raise ValueError("not an RSA key of two primes")
    version_of_key, n, e, d, p, q, dmp1, dmq1, iqmp = (int.from_bytes(content) for _, content in numbers)
    if version_of_key != 0:
        raise ValueError("not an RSA key of two primes")
    private = RSAPrivateNumbers(p, q, d, dmp1, dmq1, iqmp, RSAPublicNumbers(e, n))
    return private.private_key(unsafe_skip_rsa_key_validation=True)


def _only(der: bytes) -> list[tuple[int, bytes]]:
    """Return the tags and contents in the one SEQUENCE that `der` is."""
    ((tag, content),) = _values(der)
    if tag != _SEQUENCE:
        raise ValueError("not a SEQUENCE")
    return list(_values(content))


def _values(der: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the tag and content of each value (X.690 s8.1). Raises ValueError where one is cut short."""
    at = 0
    while at < len(der):
        tag, length, start = der[at], int.from_bytes(der[at + 1 : at + 2]), at + 2
        if length >= 0x80:  # the long form: that many bytes hold the length
            start += length - 0x80
            length = int.from_bytes(der[at + 2 : start])
        at = start + length
        if at > len(der):
            raise ValueError("cut short")
        yield tag, der[start:at]
