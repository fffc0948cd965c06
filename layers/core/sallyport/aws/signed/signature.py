"""AWS Signature Version 4, for a POST to the path `/` without a query: all that a call of a JSON API is.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html. botocore's signer is the
oracle of the tests (tests/unit/test_signature.py).
"""

import hmac
from collections.abc import Mapping
from hashlib import sha256
from time import gmtime, strftime

from sallyport.aws.signed.credentials import Credentials

_ALGORITHM = "AWS4-HMAC-SHA256"


def signed(
    headers: Mapping[str, str], body: bytes, credentials: Credentials, *, region: str, service: str, now: float
) -> dict[str, str]:
    """Return `headers`, which name the host and are in lower case, with those that sign them and the body."""
    moment = strftime("%Y%m%dT%H%M%SZ", gmtime(now))
    all_headers = {**headers, "x-amz-date": moment}
    if credentials.token:
        all_headers["x-amz-security-token"] = credentials.token
    names = sorted(all_headers)
    canonical = "\n".join(
        (
            "POST",
            "/",
            "",  # no query
            *(f"{name}:{' '.join(all_headers[name].split())}" for name in names),
            "",
            ";".join(names),
            sha256(body).hexdigest(),
        )
    )
    scope = f"{moment[:8]}/{region}/{service}/aws4_request"
    to_sign = f"{_ALGORITHM}\n{moment}\n{scope}\n{sha256(canonical.encode()).hexdigest()}"
    key = f"AWS4{credentials.secret_key}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
    all_headers["authorization"] = (
        f"{_ALGORITHM} Credential={credentials.access_key}/{scope},"
        f" SignedHeaders={';'.join(names)}, Signature={signature}"
    )
    return all_headers
