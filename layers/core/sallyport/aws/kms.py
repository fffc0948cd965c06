"""KMS: private keys at rest. The encryption context says which key may be opened by whom."""

from typing import TYPE_CHECKING

from sallyport.aws.clients import failing_closed
from sallyport.keys.life_cycle import Use

if TYPE_CHECKING:
    from mypy_boto3_kms.client import KMSClient


class KmsCipher:
    """Seals and opens private keys under one KMS key."""

    def __init__(self, client: "KMSClient", key_id: str) -> None:
        self._client = client
        self._key_id = key_id

    def encrypt(self, plaintext: bytes, *, use: Use, kid: str) -> bytes:
        context = {"use": use, "kid": kid}
        with failing_closed():
            answer = self._client.encrypt(KeyId=self._key_id, Plaintext=plaintext, EncryptionContext=context)
            return answer["CiphertextBlob"]

    def decrypt(self, ciphertext: bytes, *, use: Use, kid: str) -> bytes:
        context = {"use": use, "kid": kid}
        with failing_closed():
            answer = self._client.decrypt(KeyId=self._key_id, CiphertextBlob=ciphertext, EncryptionContext=context)
            return answer["Plaintext"]
