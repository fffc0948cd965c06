"""The cipher that seals private keys."""

from sallyport.aws.clients import Clients
from sallyport.aws.kms import KmsCipher
from sallyport.settings import PrivateKeys


def build(config: PrivateKeys, clients: Clients) -> KmsCipher:
    return KmsCipher(clients.kms(), config.kms_key_id)
