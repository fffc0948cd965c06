"""Our signature is botocore's, whatever is signed."""

import string
from collections.abc import Mapping
from datetime import UTC, datetime
from random import Random
from unittest.mock import patch

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials
from hypothesis import given
from hypothesis import strategies as st

from sallyport.aws.signed.credentials import Credentials
from sallyport.aws.signed.signature import signed

REGIONS = ("us-east-1", "eu-central-1", "ap-southeast-4", "cn-north-1", "us-gov-west-1")
NOT_SIGNED = {"expect", "transfer-encoding", "user-agent", "x-amzn-trace-id"}
"""What botocore leaves out. A call of ours has none of them."""

NAMES = st.text(string.ascii_lowercase + string.digits + "-", min_size=1, max_size=20).filter(
    lambda name: name not in {*NOT_SIGNED, "host", "date", "authorization", "x-amz-date"}
)
VALUES = st.text(string.ascii_letters + string.digits + " !\"#$%&'()*+,-./:;<=>?@[]^_`{|}~\t", max_size=60)
SECRETS = st.text(string.ascii_letters + string.digits + "+/=", min_size=1, max_size=60)
BEFORE_2100 = st.integers(0, 4_000_000_000)


def by_botocore(
    headers: Mapping[str, str], body: bytes, credentials: Credentials, region: str, service: str, now: float
) -> dict[str, str]:
    request = AWSRequest("POST", f"https://{headers['host']}/", headers=dict(headers), data=body)
    theirs = ReadOnlyCredentials(credentials.access_key, credentials.secret_key, credentials.token)
    with patch("botocore.auth.get_current_datetime", lambda: datetime.fromtimestamp(now, UTC)):
        SigV4Auth(theirs, service, region).add_auth(request)
    return {name.lower(): value for name, value in request.headers.items()}


def assert_they_agree(
    headers: Mapping[str, str], body: bytes, credentials: Credentials, region: str, service: str, now: int
) -> None:
    ours = signed(headers, body, credentials, region=region, service=service, now=now)

    assert ours == by_botocore(headers, body, credentials, region, service, now)


@given(
    headers=st.dictionaries(NAMES, VALUES, max_size=6),
    body=st.binary(max_size=400),
    secrets=st.tuples(SECRETS, SECRETS, st.none() | SECRETS),
    region=st.sampled_from(REGIONS),
    service=st.sampled_from(["dynamodb", "kms"]),
    now=BEFORE_2100,
)
def test_any_request_is_signed_as_botocore_signs_it(
    headers: dict[str, str],
    body: bytes,
    secrets: tuple[str, str, str | None],
    region: str,
    service: str,
    now: int,
) -> None:
    all_headers = {**headers, "host": f"{service}.{region}.amazonaws.com"}
    assert_they_agree(all_headers, body, Credentials(*secrets), region, service, now)


def test_thousands_of_requests_like_ours_are_signed_as_botocore_signs_them() -> None:
    rng = Random(16)
    for _ in range(3000):
        region, service = rng.choice(REGIONS), rng.choice(["dynamodb", "kms"])
        headers = {
            "content-type": rng.choice(["application/x-amz-json-1.0", "application/x-amz-json-1.1"]),
            "host": rng.choice([f"{service}.{region}.amazonaws.com", "127.0.0.1:8000", "[::1]:4566"]),
            "x-amz-target": "".join(rng.choices(string.ascii_letters + "._0123456789", k=rng.randint(1, 40))),
        }
        secrets = ["".join(rng.choices(string.ascii_letters + "+/=", k=rng.randint(16, 900))) for _ in range(3)]
        credentials = Credentials(secrets[0][:20], secrets[1][:40], rng.choice([None, secrets[2]]))
        now = rng.randrange(4_000_000_000)
        assert_they_agree(headers, rng.randbytes(rng.randint(0, 300)), credentials, region, service, now)
