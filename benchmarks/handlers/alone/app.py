"""What requests are made of, each alone and again and again, with the packages of the layers.

The answer is the CPU of one time in milliseconds. Making ready is not in it.
"""

import os
from base64 import urlsafe_b64decode
from collections.abc import Callable
from time import process_time
from typing import Any

import jwt
from argon2 import PasswordHasher
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256

from sallyport.accounts.hashing import CURRENT
from sallyport.wiring import authorizer

PASSWORD = "correct horse battery staple"

Event = dict[str, Any]
Step = Callable[[], object]

ours = authorizer.build(os.environ)
signs = generate_private_key(65537, 2048)
hasher = PasswordHasher(time_cost=CURRENT.time_cost, memory_cost=CURRENT.memory_kib, parallelism=1)
stored = hasher.hash(PASSWORD)


def signature(event: Event) -> list[Step]:
    """Sign as an RS256 token is signed."""
    text = event["tokens"][0].rpartition(".")[0].encode()
    return [lambda: signs.sign(text, PKCS1v15(), SHA256())] * event["times"]


def argon2(event: Event) -> list[Step]:
    """Compare a password with its hash."""
    return [lambda: hasher.verify(stored, PASSWORD)] * event["times"]


def first_sight(event: Event) -> list[Step]:
    """Parse, verify and check everything, as the authorizer does with a token that it has not seen."""
    return [lambda token=token: ours.authorize(token) for token in event["tokens"]]


def decode(event: Event) -> list[Step]:
    """Decode with PyJWT, whose key is parsed already."""
    keys = {jwk["kid"]: jwt.PyJWK(jwk) for jwk in event["jwks"]["keys"]}
    kid = jwt.get_unverified_header(event["tokens"][0])["kid"]
    wanted = {"algorithms": ["RS256"], "audience": event["audience"], "issuer": event["issuer"]}
    return [lambda token=token: jwt.decode(token, keys[kid], **wanted) for token in event["tokens"]]


def bare(event: Event) -> list[Step]:
    """Verify the signature and nothing else: one call of OpenSSL."""
    keys = {jwk["kid"]: jwt.PyJWK(jwk).key for jwk in event["jwks"]["keys"]}
    key = keys[jwt.get_unverified_header(event["tokens"][0])["kid"]]
    parts = [token.rpartition(".") for token in event["tokens"]]
    split = [(urlsafe_b64decode(signed + "=="), text.encode()) for text, _, signed in parts]
    return [lambda signed=signed, text=text: key.verify(signed, text, PKCS1v15(), SHA256()) for signed, text in split]


WAYS = {way.__name__: way for way in (signature, argon2, first_sight, decode, bare)}


def lambda_handler(event: Event, context: Any) -> float:
    steps = WAYS[event["way"]](event)
    steps[0]()
    began = process_time()
    for step in steps[1:]:
        step()
    return (process_time() - began) * 1000 / (len(steps) - 1)
