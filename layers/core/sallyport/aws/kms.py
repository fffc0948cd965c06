"""KMS seals private keys. A role may open those whose encryption context its policy names."""

from typing import TYPE_CHECKING

from sallyport.aws.clients import failing_closed
from sallyport.keys.life_cycle import Use

if TYPE_CHECKING:
    from mypy_boto3_kms.client import KMSClient


class KmsCipher:
    """Seals and opens private keys under one KMS key. Implements KeyCipher."""

    def __init__(self, client: "KMSClient", key_id: str) -> None:
        self._client = client
        self.key_id = key_id

    def encrypt(self, plaintext: bytes, *, use: Use, kid: str) -> bytes:
        context = {"use": use, "kid": kid}
        with failing_closed():
            response = self._client.encrypt(KeyId=self.key_id, Plaintext=plaintext, EncryptionContext=context)
            return response["CiphertextBlob"]

    def decrypt(self, ciphertext: bytes, *, use: Use, kid: str) -> bytes:
        context = {"use": use, "kid": kid}
        with failing_closed():
            response = self._client.decrypt(KeyId=self.key_id, CiphertextBlob=ciphertext, EncryptionContext=context)
            return response["Plaintext"]
