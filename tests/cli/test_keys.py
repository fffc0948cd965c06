"""`sallyport keys`: the rings as they are, and what an operator does to them by invoking rotate_keys."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from sallyport.aws.dynamodb.public_keys import PublishedKeys
from sallyport.aws.dynamodb.signing_keys import SigningKeys
from tests.cli.conftest import KeyStack
from tests.cli.operating import done, run
from tests.support.builders import DAY
from tests.support.endpoint import Reply, serving
from tests.support.raw import raw_dynamodb
from tests.support.stopped_time import MovableTime
from tests.support.tokens import ISSUER


def states(stack: str) -> list[tuple[str, str]]:
    keys = done("keys", "list", "--stack", stack, "--json").document["keys"]
    return [(key["use"], key["state"]) for key in keys]


def kids(stack: KeyStack, use: str) -> dict[str, str]:
    keys = done("keys", "list", "--stack", stack.name, "--json").document["keys"]
    return {key["state"]: key["kid"] for key in keys if key["use"] == use}


def test_both_rings_are_listed_without_their_secrets(key_stack: KeyStack) -> None:
    as_json = done("keys", "list", "--stack", key_stack.name, "--json")
    as_table = done("keys", "list", "--stack", key_stack.name)

    assert [list(key) for key in as_json.document["keys"]] == [
        ["kid", "use", "alg", "state", "signs_from", "created_at"]
    ] * 4
    assert [(key["use"], key["alg"], key["state"]) for key in as_json.document["keys"]] == [
        ("access", "RS256", "active"),
        ("access", "RS256", "standby"),
        ("refresh", "HS256", "active"),
        ("refresh", "HS256", "standby"),
    ]
    assert ["kid", "use", "alg", "state", "signs from", "created at"] in as_table.rows
    for use in ("access", "refresh"):
        ring = SigningKeys(key_stack.table).private_ring("access" if use == "access" else "refresh")
        for record in ring.keys.values():
            assert record.kid in as_table.out
            assert record.ciphertext.decode("latin-1")[:16] not in as_json.out + as_table.out


def test_rotate_runs_rotate_keys_and_says_what_it_made(key_stack: KeyStack, clock: MovableTime) -> None:
    nothing = done("keys", "rotate", "--stack", key_stack.name)
    clock.advance(89 * DAY)
    ran = done("keys", "rotate", "--stack", key_stack.name, "--json")

    assert ["made", "-"] in nothing.rows
    assert list(ran.document) == ["made", "dropped", "keys"]
    assert len(ran.document["made"]) == 2
    assert set(ran.document["made"]) <= {key["kid"] for key in ran.document["keys"]}
    assert ran.document["dropped"] == []
    assert states(key_stack.name).count(("access", "standby")) == 2


def test_export_writes_every_published_key_as_pem_the_one_that_signs_first(key_stack: KeyStack, tmp_path: Path) -> None:
    PublishedKeys(key_stack.table).record_issuer(ISSUER)  # as setup does
    (tmp_path / "access-1.pem").write_text("an older one")

    ran = done("keys", "export", "--pem", str(tmp_path), "--stack", key_stack.name, "--json")

    files = ran.document["files"]
    assert [row["state"] for row in files] == ["active", "standby", "active", "active"]
    assert sorted(tmp_path.iterdir()) == [Path(row["file"]) for row in files]
    published = PublishedKeys(key_stack.table).public_ring().keys
    for row in files:
        assert load_pem_public_key(Path(row["file"]).read_bytes()) == published[row["kid"]].material
    assert {row["kid"] for row in files} == published.keys()


def test_export_writes_more_than_four_files_where_there_are_more_keys(
    key_stack: KeyStack, clock: MovableTime, tmp_path: Path
) -> None:
    PublishedKeys(key_stack.table).record_issuer(ISSUER)
    for _ in range(3):
        done("keys", "promote", "access", "--yes", "--stack", key_stack.name)
        clock.advance(2)  # a key that is promoted in the second of the last promotion signs a second later

    ran = done("keys", "export", "--pem", str(tmp_path), "--stack", key_stack.name, "--json")

    kids = [row["kid"] for row in ran.document["files"]]
    assert len(kids) == len(set(kids)) == 5


def test_export_says_where_it_cannot_write(key_stack: KeyStack, tmp_path: Path) -> None:
    PublishedKeys(key_stack.table).record_issuer(ISSUER)

    ran = run("keys", "export", "--pem", str(tmp_path / "absent"), "--stack", key_stack.name)

    assert (ran.exit_code, "access-1.pem cannot be written: No such file" in ran.err) == (1, True)


@pytest.mark.parametrize("use", ["access", "refresh"])
def test_promote_lets_the_standby_sign_and_keeps_what_signed(key_stack: KeyStack, use: str) -> None:
    before = kids(key_stack, use)

    ran = done("keys", "promote", use, "--yes", "--stack", key_stack.name, "--json")

    after = kids(key_stack, use)
    assert ran.document == {"use": use, "signing_from_now_on": before["standby"], "dropped": []}
    assert (after["superseded"], after["active"]) == (before["active"], before["standby"])
    assert after["standby"] not in before.values()


def test_promote_drops_what_signed_where_it_is_told_to(key_stack: KeyStack) -> None:
    before = kids(key_stack, "access")

    ran = done("keys", "promote", "access", "--drop-older", "--yes", "--stack", key_stack.name)

    assert ["dropped", before["active"]] in ran.rows
    assert before["active"] not in done("keys", "list", "--stack", key_stack.name).out
    key_stack.table.put({"PK": "JWKS", "SK": "ISSUER", "issuer": "https://auth.example.com"})
    assert before["active"] not in PublishedKeys(key_stack.table).public_ring().keys


@pytest.mark.parametrize(
    ("options", "consequence"),
    [
        (["access"], "Tokens that were issued stay good."),
        (["access", "--drop-older"], "native JWT authorizers accept them for up to two hours more"),
        (["refresh", "--drop-older"], "EVERY USER HAS TO LOG IN AGAIN"),
    ],
)
@pytest.mark.parametrize("answer", ["n\n", "", "\n"])
def test_promote_says_what_dies_and_asks_first(
    key_stack: KeyStack, options: list[str], consequence: str, answer: str
) -> None:
    ran = run("keys", "promote", *options, "--stack", key_stack.name, "--json", typed=answer)

    assert (ran.exit_code, ran.out) == (1, "")
    assert consequence in ran.err
    assert f"stack {key_stack.name} in us-east-1" in ran.err
    assert key_stack.functions.paths == []


def test_promote_goes_on_when_it_is_told_to(key_stack: KeyStack) -> None:
    ran = run("keys", "promote", "access", "--stack", key_stack.name, "--json", typed="y\n")

    assert ran.exit_code == 0
    assert ran.document["signing_from_now_on"] == kids(key_stack, "access")["active"]


def test_only_a_ring_can_be_promoted(key_stack: KeyStack) -> None:
    assert run("keys", "promote", "both", "--yes", "--stack", key_stack.name).exit_code == 2
    assert key_stack.functions.paths == []


def test_a_function_that_fails_is_no_promotion(key_stack: KeyStack) -> None:
    raw_dynamodb().delete_table(TableName=key_stack.name)

    ran = run("keys", "promote", "access", "--yes", "--stack", key_stack.name)

    assert (ran.exit_code, ran.out, ran.err) == (1, "", "Error: rotate_keys failed (CallRefused); its log says more\n")


def test_a_promotion_whose_answer_is_lost_is_not_sent_again(
    key_stack: KeyStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second one would promote the next key."""
    with serving(lambda _path, _body: Reply(500, b"{}")) as broken:
        monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", broken.url)

        ran = run("keys", "promote", "access", "--yes", "--stack", key_stack.name)

    assert (ran.exit_code, ran.out) == (1, "")
    assert "Invoke" in ran.err
    assert len(broken.paths) == 1
