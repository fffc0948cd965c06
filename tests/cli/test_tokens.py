"""`sallyport token`: what is said of a token, which is never an argument and never printed."""

import json
from typing import Any, get_args

import jwt
import pytest

from sallyport.accounts.user import User
from sallyport.errors import TokenFault, WhyDead
from sallyport.identifiers import new_id
from sallyport_cli.tokens import WHY_DEAD, WHY_REJECTED
from tests.cli.operating import Ran, done, run
from tests.cli.test_users import DENIED, asked, bounded
from tests.support.deployed import Answer, Stack
from tests.support.tokens import access_key, b64, forge, segment, unverified_claims

INSPECTED = ["kind", "signed_by_this_stack", "accepted", "refused_because"]


@pytest.fixture
def tokens(stack: Stack, user: User) -> dict[str, Any]:
    return stack.log_in(user).body


def inspected(token: str) -> dict[str, Any]:
    ran = done("token", "inspect", "--json", typed=token)
    assert_not_printed(ran, token)
    document: dict[str, Any] = ran.document
    return document


def assert_not_printed(ran: Ran, token: str) -> None:
    for part in token.split("."):
        assert part not in ran.out
        assert part not in ran.err


def verdict(document: dict[str, Any]) -> tuple[object, object, object]:
    return document["signed_by_this_stack"], document["accepted"], document["refused_because"]


def test_a_good_access_token_is_accepted_and_its_claims_are_told(user: User, tokens: dict[str, Any]) -> None:
    document, as_table = (
        inspected(tokens["access_token"]),
        done("token", "inspect", typed=tokens["access_token"] + "\n"),
    )

    assert list(document) == [*INSPECTED, "claims"]
    assert document["kind"] == "access"
    assert verdict(document) == (True, True, None)
    assert document["claims"] == unverified_claims(tokens["access_token"])
    assert ["accepted", "yes"] in as_table.rows
    assert ["sub", user.user_id] in as_table.rows
    assert_not_printed(as_table, tokens["access_token"])


def test_an_expired_token_is_signed_and_not_accepted(stack: Stack, user: User) -> None:
    stack.clock.advance(-601)
    token = stack.log_in(user).body["access_token"]

    assert verdict(inspected(token)) == (True, False, "it has expired")


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("token revoke --jti {jti}", "it was revoked"),
        ("session revoke {sub} {sid}", "its session was revoked"),
        ("user revoke {sub}", "its user's token version has been raised"),
        ("user disable {sub}", "its user is disabled or gone"),
    ],
)
def test_a_revoked_token_is_signed_and_not_accepted(tokens: dict[str, Any], command: str, why: str) -> None:
    done(*command.format(**unverified_claims(tokens["access_token"])).split(" "))

    document = inspected(tokens["access_token"])

    assert verdict(document) == (True, False, why)
    assert document["claims"]["jti"]


def test_a_token_that_another_key_signed_is_told_as_unverified(tokens: dict[str, Any]) -> None:
    header = jwt.get_unverified_header(tokens["access_token"])
    payload = json.dumps({**unverified_claims(tokens["access_token"]), "sub": "\x1b[31m[red]canary"}).encode()
    ours = forge(json.dumps(header).encode(), payload, access_key())
    strangers = forge(json.dumps({**header, "kid": new_id()}).encode(), payload, access_key())

    same_kid, other_kid = inspected(ours), inspected(strangers)
    as_table = done("token", "inspect", typed=ours)

    assert verdict(same_kid) == (False, False, "its signature is wrong")
    assert verdict(other_kid) == (False, False, "no key that this stack publishes has its kid")
    assert list(same_kid) == [*INSPECTED, "unverified_claims"]
    assert as_table.out.replace("\n", "").isprintable()
    assert r"\x1b[31m[red]canary" in as_table.out


@pytest.mark.parametrize(("name", "kind"), [("refresh_token", "refresh"), ("device_token", "device")])
def test_a_token_that_only_functions_can_verify_is_told_as_unverified(
    tokens: dict[str, Any], name: str, kind: str
) -> None:
    document = inspected(tokens[name])

    assert document["kind"] == kind
    assert verdict(document) == (None, None, None)
    assert document["unverified_claims"] == unverified_claims(tokens[name])


@pytest.mark.parametrize("typ", ["JWT", None, 1, ["at+jwt"]])
def test_a_token_of_another_type_is_none_of_ours(tokens: dict[str, Any], typ: object) -> None:
    header = {**jwt.get_unverified_header(tokens["access_token"]), "typ": typ}
    token = ".".join([segment(header), *tokens["access_token"].split(".")[1:]])

    document = inspected(token)

    assert document["kind"] == "unknown"
    assert verdict(document) == (False, False, "it is no access token")


@pytest.mark.parametrize(
    "canary", ["", "canary", "canary.canary.canary", f"{b64(b'[]')}.{b64(b'{}')}.", "canary" * 1400, "canäry.a.b"]
)
@pytest.mark.parametrize("command", ["inspect", "revoke"])
def test_what_is_no_token_is_refused_and_not_repeated(command: str, canary: str) -> None:
    ran = run("token", command, typed=canary)

    assert (ran.exit_code, ran.out) == (1, "")
    assert ran.err.startswith("Error: ")
    assert ran.err.count("\n") == 1
    assert "canary" not in ran.err


def test_a_token_is_never_an_argument(tokens: dict[str, Any]) -> None:
    for command in ("inspect", "revoke"):
        assert run("token", command, tokens["access_token"]).exit_code == 2


def test_a_revoked_token_is_dead_at_once_in_strict_and_within_five_seconds_in_bounded_and_its_session_lives(
    stack: Stack, tokens: dict[str, Any]
) -> None:
    authorizer = bounded(stack)
    assert authorizer.invoke(asked(tokens["access_token"]))["isAuthorized"]

    ran = done("token", "revoke", "--json", typed=tokens["access_token"])

    assert stack.authorize(tokens["access_token"]) == DENIED
    stack.clock.advance(5)
    assert authorizer.invoke(asked(tokens["access_token"])) == DENIED
    again: Answer = stack.refresh(tokens["refresh_token"])
    assert stack.authorize(again.body["access_token"])["isAuthorized"]
    assert ran.document == {
        "jti": unverified_claims(tokens["access_token"])["jti"],
        "changed": True,
        "bites_within_seconds": 5,
    }
    assert_not_printed(ran, tokens["access_token"])


def test_a_token_is_revoked_by_its_jti_alone_and_once(stack: Stack, tokens: dict[str, Any]) -> None:
    jti = unverified_claims(tokens["access_token"])["jti"]

    first, second = (done("token", "revoke", "--jti", jti) for _ in range(2))

    assert stack.authorize(tokens["access_token"]) == DENIED
    assert ["changed", "yes"] in first.rows
    assert ["It was revoked already."] in second.rows


@pytest.mark.parametrize("which", ["expired", "another stack's", "refresh"])
def test_a_token_that_nothing_accepts_is_not_revoked(
    stack: Stack, user: User, tokens: dict[str, Any], which: str
) -> None:
    header, payload = jwt.get_unverified_header(tokens["access_token"]), unverified_claims(tokens["access_token"])
    stack.clock.advance(-601)
    token, why = {
        "expired": (stack.log_in(user).body["access_token"], "it has expired"),
        "another stack's": (
            forge(json.dumps(header).encode(), json.dumps(payload).encode(), access_key()),
            "its signature is wrong",
        ),
        "refresh": (tokens["refresh_token"], "it is no access token"),
    }[which]

    ran = run("token", "revoke", typed=token)

    assert (ran.exit_code, ran.out, ran.err) == (1, "", f"Error: nothing to revoke: {why}\n")
    assert stack.table.get((f"JTI#{unverified_claims(token)['jti']}", "JTI")) == [None]


def test_what_can_be_no_jti_is_wrong_usage() -> None:
    assert run("token", "revoke", "--jti", "a#b").exit_code == 2


@pytest.mark.parametrize(
    "before", ["Bearer ", "bearer  ", "Authorization: Bearer ", "authorization:bearer\t", "\ufeff"]
)
def test_a_token_may_be_pasted_as_a_header_has_it(user: User, tokens: dict[str, Any], before: str) -> None:
    document = inspected(f"{before}{tokens['access_token']}\n")

    assert verdict(document) == (True, True, None)
    assert document["claims"]["sub"] == user.user_id


def test_of_a_whole_answer_the_access_token_is_inspected_and_that_is_said(tokens: dict[str, Any]) -> None:
    ran = done("token", "inspect", typed=json.dumps(tokens, indent=2))

    assert ["kind", "access"] in ran.rows
    assert ["accepted", "yes"] in ran.rows
    assert ran.out.endswith("This is the access token. With it came: refresh token, device token.\n")
    for name in ("access_token", "refresh_token", "device_token"):
        assert_not_printed(ran, tokens[name])


def test_an_answer_with_one_token_needs_no_word_about_others(tokens: dict[str, Any]) -> None:
    access = done("token", "inspect", typed=json.dumps({"access_token": tokens["access_token"]}))
    refresh = done("token", "inspect", "--json", typed=json.dumps({"refresh_token": tokens["refresh_token"]}))

    assert "This is" not in access.out
    assert refresh.document["kind"] == "refresh"


def test_of_a_whole_answer_the_access_token_is_revoked(stack: Stack, tokens: dict[str, Any]) -> None:
    done("token", "revoke", typed=json.dumps(tokens))

    assert stack.authorize(tokens["access_token"]) == DENIED


@pytest.mark.parametrize("canary", ['{"canary', '{"token": "canary"}', '{"access_token": 1, "canary": "canary"}'])
def test_json_without_a_token_is_refused_and_not_repeated(canary: str) -> None:
    ran = run("token", "inspect", typed=canary)

    assert (ran.exit_code, ran.out) == (1, "")
    assert ran.err.count("\n") == 1
    assert "canary" not in ran.err


def test_every_reason_to_refuse_a_token_has_a_sentence_of_its_own() -> None:
    assert WHY_REJECTED.keys() == set(get_args(TokenFault))
    assert WHY_DEAD.keys() == set(get_args(WhyDead))
    for sentences in (WHY_REJECTED.values(), WHY_DEAD.values()):
        assert len(set(sentences)) == len(sentences)
