"""The examples' functions, each fed the event of its API after our authorizer's real answer, or with a real token."""

import json
from collections.abc import Mapping
from typing import Any

import joserfc.jwk
import joserfc.jwt
import pytest

from dev.lambda_host.functions import LocalFunction
from dev.sam.template import ROOT, FunctionSpec
from sallyport.accounts.user import User
from tests.support.deployed import EVENTS, Stack, sample
from tests.support.iam import decision
from tests.support.tokens import ISSUER

Event = dict[str, Any]


def example(folder: str) -> LocalFunction:
    return LocalFunction(FunctionSpec(folder, ROOT / "examples" / folder, {}, timeout=10))


@pytest.fixture(autouse=True)
def page_of_the_rest_api(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAGE_ORIGIN", "https://app.example.com")


@pytest.fixture
def access_token(stack: Stack, user: User) -> str:
    token: str = stack.log_in(user).body["access_token"]
    return token


def asked(name: str, access_token: str) -> Event:
    """Load a recorded authorizer event that brings this token."""
    text = (EVENTS / f"{name}.json").read_text()
    event: Event = json.loads(text.replace("ACCESS_TOKEN", access_token))
    return event


def told(answer: Mapping[str, Any]) -> dict[str, str]:
    """Put an authorizer's answer where REST and WebSocket APIs put it: every value a string, the principal beside."""
    context = {
        name: value if isinstance(value, str) else json.dumps(value) for name, value in answer["context"].items()
    }
    return {**context, "principalId": answer["principalId"]}


def allowed(stack: Stack, event: Event) -> dict[str, str]:
    answer = stack.invoke("Authorizer", event)
    assert decision(answer, event["methodArn"]) == "Allow"
    return told(answer)


def test_the_http_api_says_who_calls(stack: Stack, user: User, access_token: str) -> None:
    event = sample("authorizer_allowed", authorization=f"Bearer {access_token}")
    event["requestContext"]["authorizer"] = {"lambda": stack.invoke("Authorizer", event)["context"]}

    answer = example("protected_http/orders").invoke({**event, "pathParameters": {"order_id": "42"}})

    assert answer == {"order_id": "42", "sub": user.user_id, "roles": ["reader", "writer"]}


@pytest.mark.parametrize("asked_as", ["authorizer_rest_request", "authorizer_rest_token"])
@pytest.mark.parametrize(("parameters", "order_id"), [({"order_id": "42"}, "42"), (None, None)])
def test_the_rest_api_says_who_calls(
    stack: Stack, user: User, access_token: str, asked_as: str, parameters: Event | None, order_id: str | None
) -> None:
    event = asked("authorizer_rest_request", access_token)
    event["requestContext"]["authorizer"] = allowed(stack, asked(asked_as, access_token))

    answer = example("protected_rest/orders").invoke({**event, "pathParameters": parameters, "body": None})

    assert answer["statusCode"] == 200
    assert answer["headers"]["Access-Control-Allow-Origin"] == "https://app.example.com"
    assert json.loads(answer["body"]) == {"order_id": order_id, "sub": user.user_id, "roles": ["reader", "writer"]}


def test_the_websocket_api_knows_in_every_message_who_connected(stack: Stack, user: User, access_token: str) -> None:
    connect = asked("authorizer_websocket_connect", access_token)
    caller = allowed(stack, connect)
    context = {**connect["requestContext"], "authorizer": caller}
    message = {"requestContext": {**context, "eventType": "MESSAGE", "routeKey": "$default"}, "body": "hello"}
    disconnect = {"requestContext": {**context, "eventType": "DISCONNECT", "routeKey": "$disconnect"}}
    echo = example("protected_websocket/echo")

    assert echo.invoke({**connect, "requestContext": context}) == {"statusCode": 200}
    answer = echo.invoke(message)
    assert echo.invoke(disconnect) == {"statusCode": 200}

    assert answer["statusCode"] == 200
    assert json.loads(answer["body"]) == {"echo": "hello", "sub": user.user_id, "roles": ["reader", "writer"]}


@pytest.mark.parametrize("folder", ["protected_http/orders", "protected_rest/orders", "protected_websocket/echo"])
def test_without_roles_in_the_context_nobody_has_any(folder: str) -> None:
    context = {"sub": "u"}
    authorizer = {"lambda": context, **context}
    event = {"requestContext": {"authorizer": authorizer, "eventType": "MESSAGE"}, "pathParameters": {}, "body": "x"}

    answer = example(folder).invoke(event)

    assert json.loads(answer["body"] if "body" in answer else json.dumps(answer))["roles"] == []


def verified(stack: Stack, access_token: str) -> joserfc.jwt.Token:
    published: Any = stack.call("Wellknown", sample("wellknown_key_set")).body
    return joserfc.jwt.decode(access_token, joserfc.jwk.KeySet.import_key_set(published), algorithms=["RS256"])


def test_a_native_jwt_authorizer_finds_all_that_it_documents_to_need(stack: Stack, access_token: str) -> None:
    """https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html"""
    discovery = stack.call("Wellknown", sample("wellknown_discovery")).body
    keys = stack.call("Wellknown", sample("wellknown_key_set")).body

    token = verified(stack, access_token)

    assert ISSUER.startswith("https://")
    assert (discovery["issuer"], discovery["jwks_uri"]) == (ISSUER, f"{ISSUER}/.well-known/jwks.json")
    (key,) = [key for key in keys["keys"] if key["kid"] == token.header["kid"]]
    assert (key["kty"], key["alg"], key["use"], token.header["alg"]) == ("RSA", "RS256", "sig", "RS256")
    assert token.claims["iss"] == discovery["issuer"]
    assert token.claims["aud"] == "sallyport"  # where there is an aud, client_id is not looked at
    assert token.claims["iat"] <= stack.now < token.claims["exp"]
    assert "nbf" not in token.claims
    assert "scope" not in token.claims  # so the routes of the example can ask for none


def test_the_jwt_api_says_who_calls(stack: Stack, user: User) -> None:
    login = stack.log_in(user).body
    claims = verified(stack, login["access_token"]).claims
    jwt = {"claims": {name: str(value) for name, value in claims.items()}, "scopes": None}

    answer = example("protected_jwt/orders").invoke({"requestContext": {"authorizer": {"jwt": jwt}}})

    assert answer == {"sub": user.user_id, "sid": login["session_id"], "expires_at": claims["exp"]}
