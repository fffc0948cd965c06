"""KMS seals private keys. A role may open those whose encryption context its policy names."""

from sallyport.aws.calls import Calls, understood
from sallyport.keys.life_cycle import Use


class KmsCipher:
    """Seals and opens private keys under one KMS key. Implements KeyCipher."""

    def __init__(self, calls: Calls, key_id: str) -> None:
        self._calls = calls
        self.key_id = key_id

    def encrypt(self, plaintext: bytes, *, use: Use, kid: str) -> bytes:
        return self._opposite("Encrypt", {"Plaintext": plaintext}, "CiphertextBlob", use, kid)

    def decrypt(self, ciphertext: bytes, *, use: Use, kid: str) -> bytes:
        return self._opposite("Decrypt", {"CiphertextBlob": ciphertext}, "Plaintext", use, kid)

    def _opposite(self, operation: str, what: dict[str, bytes], returned: str, use: Use, kid: str) -> bytes:
        request = {"KeyId": self.key_id, **what, "EncryptionContext": {"use": use, "kid": kid}}
        response = self._calls.call(operation, request)
        with understood():
            opposite: bytes = response[returned]
            return opposite
