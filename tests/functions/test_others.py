"""GET /auth/me, the well-known documents and rotate_keys, event in and answer out."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import jwt
import pytest

from dev.cloud import Cloud, create_key, create_table
from dev.functions import LocalFunction
from dev.stack import ROOT, FunctionSpec, read
from sallyport.accounts.user import User
from sallyport.aws import clients
from sallyport.aws.dynamodb.public_keys import PublishedKeys
from sallyport.aws.dynamodb.table import Table
from tests.deployed import Stack, sample
from tests.tokens import ISSUER
from tests.wire import Wire


def test_me_describes_the_caller_whom_the_authorizer_named(stack: Stack, user: User) -> None:
    event = sample("account_described")
    event["requestContext"]["authorizer"]["lambda"]["sub"] = user.user_id

    answer = stack.call("Account", event)

    assert (answer.status, answer.headers["cache-control"]) == (200, "no-store")
    assert answer.body == {
        "sub": user.user_id,
        "email": user.email,
        "roles": ["reader", "writer"],
        "created_at": user.created_at,
    }


@pytest.mark.parametrize("authorizer", [None, {}, {"lambda": None}, {"lambda": {}}, {"lambda": {"sub": ""}},
                                        {"lambda": {"sub": 7}}, {"lambda": {"sub": "nobody"}}])  # fmt: skip
def test_me_without_a_caller_is_401(stack: Stack, authorizer: Any) -> None:
    event = sample("account_described")
    event["requestContext"]["authorizer"] = authorizer or {}

    answer = stack.call("Account", event)

    assert (answer.status, answer.body["code"]) == (401, "invalid_token")


def test_the_key_set_verifies_our_tokens_and_holds_no_private_member(stack: Stack, user: User) -> None:
    answer = stack.call("Wellknown", sample("wellknown_key_set"))

    assert (answer.status, answer.headers["cache-control"]) == (200, "public, max-age=300")
    for key in answer.body["keys"]:
        assert key.keys() == {"kty", "n", "e", "kid", "alg", "use"}
    token = stack.log_in(user).body["access_token"]
    (jwk,) = [key for key in answer.body["keys"] if key["kid"] == jwt.get_unverified_header(token)["kid"]]
    claims = jwt.decode(token, jwt.PyJWK(jwk), algorithms=["RS256"], audience="sallyport", issuer=ISSUER)
    assert claims["sub"] == user.user_id


def test_an_active_key_and_a_standby_are_published(stack: Stack) -> None:
    assert len(stack.call("Wellknown", sample("wellknown_key_set")).body["keys"]) == 2


def test_discovery_says_where_everything_is(stack: Stack) -> None:
    answer = stack.call("Wellknown", sample("wellknown_discovery"))

    assert answer.status == 200
    assert (answer.body["issuer"], answer.body["jwks_uri"]) == (ISSUER, f"{ISSUER}/.well-known/jwks.json")
    assert answer.body["id_token_signing_alg_values_supported"] == ["RS256"]


@pytest.mark.parametrize("function", ["Login", "Refresh", "Logout", "Account", "Wellknown"])
def test_a_route_that_a_function_does_not_serve_is_a_problem_without_detail(stack: Stack, function: str) -> None:
    event = sample("account_described")
    event["routeKey"] = "DELETE /everything"

    answer = stack.call(function, event)

    assert (answer.status, answer.body["code"]) == (500, "internal_error")


class CloudFormation(HTTPServer):
    """Receives the answer of a custom resource."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Receiver)
        self.answers: list[dict[str, Any]] = []


class _Receiver(BaseHTTPRequestHandler):
    server: CloudFormation

    def do_PUT(self) -> None:
        self.server.answers.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def cloudformation() -> Iterator[CloudFormation]:
    server = CloudFormation()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def fresh_rotate_keys(name: str) -> tuple[LocalFunction, Table]:
    key = create_key()
    create_table(name, read(table_name=name, kms_key_id=key).table, None)
    environment = {"TABLE_NAME": name, "KMS_KEY_ID": key, "ISSUER": ""}
    function = LocalFunction(FunctionSpec("RotateKeys", ROOT / "functions" / "rotate_keys", environment))
    return function, Table(clients.dynamodb(None), name)


def custom_resource(server: CloudFormation, request_type: str) -> dict[str, Any]:
    event = sample("rotate_keys_create")
    return {**event, "RequestType": request_type, "ResponseURL": f"http://127.0.0.1:{server.server_port}/"}


def test_the_first_deployment_makes_keys_and_records_the_issuer(cloud: Cloud, cloudformation: CloudFormation) -> None:
    rotate_keys, table = fresh_rotate_keys("first-deployment")

    rotate_keys.invoke(custom_resource(cloudformation, "Create"))

    (answer,) = cloudformation.answers
    assert answer["Status"] == "SUCCESS"
    ring = PublishedKeys(table).public_ring()
    assert ring.issuer == "https://abcdefghij.execute-api.eu-central-1.amazonaws.com"
    assert len(ring.keys) == 2


def test_an_update_and_the_schedule_keep_the_keys(cloud: Cloud, cloudformation: CloudFormation) -> None:
    rotate_keys, table = fresh_rotate_keys("update")
    rotate_keys.invoke(custom_resource(cloudformation, "Create"))
    before = table.partition("JWKS") + table.partition("SIGNING#access") + table.partition("SIGNING#refresh")

    rotate_keys.invoke(custom_resource(cloudformation, "Update"))
    rotate_keys.invoke(sample("rotate_keys_scheduled"))

    assert table.partition("JWKS") + table.partition("SIGNING#access") + table.partition("SIGNING#refresh") == before


def test_private_keys_rest_as_ciphertext_bound_to_their_use(cloud: Cloud, cloudformation: CloudFormation) -> None:
    rotate_keys, table = fresh_rotate_keys("at-rest")
    rotate_keys.invoke(custom_resource(cloudformation, "Create"))
    kms = clients.kms()

    for use in ("access", "refresh"):
        for item in [item for item in table.partition(f"SIGNING#{use}") if item["SK"] != "RING"]:
            sealed, context = item["ciphertext"], {"use": use, "kid": item["SK"]}
            assert kms.decrypt(CiphertextBlob=sealed, EncryptionContext=context)["Plaintext"] not in sealed
            for wrong in ({**context, "use": "other"}, {**context, "kid": "other"}, {}):
                with pytest.raises(kms.exceptions.InvalidCiphertextException):
                    kms.decrypt(CiphertextBlob=sealed, EncryptionContext=wrong)


def test_a_deployment_that_fails_says_so_and_a_deletion_never_fails(
    cloud: Cloud, cloudformation: CloudFormation, wire: Wire
) -> None:
    rotate_keys, _ = fresh_rotate_keys("failing")
    wire.refuse("Encrypt", "Query")

    rotate_keys.invoke(custom_resource(cloudformation, "Create"))
    rotate_keys.invoke(custom_resource(cloudformation, "Delete"))

    assert [answer["Status"] for answer in cloudformation.answers] == ["FAILED", "SUCCESS"]


def test_before_the_first_keys_every_function_says_unavailable(cloud: Cloud) -> None:
    create_table("keyless", read(table_name="keyless", kms_key_id="unused").table, None)
    function = LocalFunction(FunctionSpec("Wellknown", ROOT / "functions" / "wellknown", {"TABLE_NAME": "keyless"}))

    assert function.invoke(sample("wellknown_key_set"))["statusCode"] == 503
