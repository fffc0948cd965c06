"""Items of every version stay readable for ever: `samples/` has those of each version that changed them.

A version that adds an attribute gets a file of its own, a default on reading, and a case here that shows the default.
"""

import json
from base64 import b64decode
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest

from dev.aws.cloud import LOCAL, Cloud, create_table
from sallyport.accounts.one_time_token import (
    EmailChange,
    Grant,
    OneTimeToken,
    Purpose,
    Registration,
    Reset,
    secret_hash,
)
from sallyport.accounts.throttle import CODES_OF_MAILBOX, MAIL_TO_ADDRESS, key_of_address
from sallyport.accounts.user import Account, User
from sallyport.audit import AuditEntry, Standing, by_operator, by_system
from sallyport.aws.dynamodb.audit import AuditTrail
from sallyport.aws.dynamodb.public_keys import PublishedKeys
from sallyport.aws.dynamodb.releases import Releases
from sallyport.aws.dynamodb.signing_keys import KeyRings, SigningKeys
from sallyport.aws.dynamodb.table import Table
from sallyport.aws.release import Release
from sallyport.keys.life_cycle import KeyRecord, Use
from sallyport.keys.store import RingChange, SealedKey
from sallyport.revocation.entries import SessionRevoked, TokenRevoked, UserChanged, UserDeleted
from sallyport.sessions.rotation import Rotation
from sallyport.sessions.session import Session
from tests.support.builders import DAY, SECOND, an_audit
from tests.support.logging_in import admission_of
from tests.support.stores import AllAccounts, Stores, in_table, table_properties

pytestmark = pytest.mark.only_in_check

SAMPLES = sorted(Path(__file__).parent.glob("samples/*.json"), key=lambda file: int(file.stem))
FIRST_WITH_MAIL = Path(__file__).parent / "samples/3.json"
FIRST_WITH_AUDIT = Path(__file__).parent / "samples/4.json"
THEN = 1_790_000_000

HASH = f"$argon2id$v=19$m=19456,t=2,p=1${'A' * 22}${'A' * 43}"
ANN = User("wjZp0dyQRbV8mLQHVTWrSw", "ann@example.com", 3, "active", ("admin", "auditor"), THEN)
DORA = User("D" * 22, "dora@example.com", 2, "disabled", (), THEN)
EVE = User("E" * 22, "eve@example.com", 1, "active", (), THEN, email_verified_at=THEN)
HERE, ELSEWHERE, TOKEN = "q83vEjRWeJCrze8SNFZ4kA", "R" * 22, "J" * 22
ACCESS_KID, REFRESH_KID = "K" * 43, "H" * 22
OUR_KMS_KEY = "arn:aws:kms:eu-central-1:123456789012:key/1"


def a_token(request: str, grant: Grant | None, mailbox: str, purpose: Purpose = "verify_email") -> OneTimeToken:
    return OneTimeToken(request, purpose, mailbox, secret_hash("S" * 43), HASH, THEN + 1800, grant)


MAILED = (
    a_token("0" * 22, None, "ann@example.com"),
    a_token("1" * 22, Registration("new@example.com"), "new@example.com"),
    a_token("2" * 22, Reset(EVE.user_id, 1, EVE.email), EVE.email, "reset_password"),
    a_token("3" * 22, EmailChange(EVE.user_id, 1, EVE.email, "e@example.com"), "e@example.com", "confirm_email"),
)


@pytest.fixture(params=SAMPLES, ids=lambda file: file.stem)
def table(request: pytest.FixtureRequest, cloud: Cloud) -> Table:
    """A table with the items of one version."""
    table = an_empty_table(f"samples-{request.param.stem}")
    fill(table, request.param)
    return table


@pytest.fixture
def stores(table: Table) -> Stores:
    return in_table(table)


def a_session(sid: str = HERE, **changes: Any) -> Session:
    return Session(
        **{
            "sid": sid,
            "user_id": ANN.user_id,
            "mode": "body",
            "rotation": Rotation(2, 4, 6, 8, THEN * SECOND),
            "ver": 3,
            "created_at": THEN,
            "auth_time": THEN,
            "last_used_at": THEN + 60,
            "expires_at": THEN + 30 * DAY,
            "idle_expires_at": THEN + 7 * DAY,
            "user_agent": "a browser",
            "ip": "192.0.2.1",
            **changes,
        }
    )


def test_a_user_can_log_in(stores: Stores) -> None:
    assert stores.accounts.find(ANN.email).account == Account(ANN, HASH)
    assert stores.accounts.named(DORA.email) == stores.accounts.get(DORA.user_id) == DORA
    listed = stores.accounts.page(10)[0]
    assert [user for user in listed if user in (ANN, DORA)] in ([ANN, DORA], [DORA, ANN])


def test_a_session_goes_on_and_a_revoked_one_stays_revoked(stores: Stores) -> None:
    session = a_session()
    ended = a_session(ELSEWHERE, mode="cookie", revoked_at=THEN + 100)
    assert {s.sid: s for s in stores.sessions.of_user(ANN.user_id)} == {HERE: session, ELSEWHERE: ended}

    moved = stores.sessions.rotate(session, 8, now_ms=(THEN + 200) * SECOND, idle_expires_at=THEN + 8 * DAY)

    assert moved.rotation == Rotation(4, 8, 9, 9, (THEN + 200) * SECOND)


def test_what_was_revoked_stays_revoked(stores: Stores) -> None:
    assert stores.entries(ELSEWHERE) == [SessionRevoked(ELSEWHERE)]
    assert stores.entries(TOKEN) == [TokenRevoked(TOKEN)]
    assert stores.entries(DORA.user_id) == [UserChanged(DORA.user_id, 2)]
    assert stores.entries("G" * 22) == [UserDeleted("G" * 22)]
    assert stores.sessions.load_all(ANN.user_id, HERE, TOKEN)[2]


def test_tokens_are_verified_and_signed_with_the_same_keys(table: Table) -> None:
    ring = PublishedKeys(table).public_ring()
    assert (ring.issuer, list(ring.keys)) == ("https://auth.example.com", [ACCESS_KID])

    rings: list[tuple[Use, str]] = [("access", ACCESS_KID), ("refresh", REFRESH_KID)]
    for use, kid in rings:
        record = SigningKeys(table).private_ring(use).keys[kid]
        assert (record.not_before, record.created_at, record.ciphertext) == (THEN, THEN - 1, b"sealed")
        assert record.sealed_under in (None, OUR_KMS_KEY)


def test_the_last_release_is_known(table: Table) -> None:
    assert Releases(table).last() == Release("r1", "d" * 64)


@pytest.mark.parametrize("credential", [None, {}], ids=["no item", "no hash"])
def test_a_user_may_have_no_password(table: Table, credential: Mapping[str, str] | None) -> None:
    key = ("CREDENTIAL#" + ANN.user_id, "CREDENTIAL")
    table.delete([key])
    if credential is not None:
        table.put({"PK": key[0], "SK": key[1], **credential})

    assert in_table(table).accounts.find(ANN.email).account == Account(ANN, None)
    assert not in_table(table).accounts.replace_hash(Account(ANN, None), HASH)


@pytest.mark.parametrize("credential", [None, {}], ids=["no item", "no hash"])
def test_a_user_without_a_password_can_be_given_one(table: Table, credential: Mapping[str, str] | None) -> None:
    key = ("CREDENTIAL#" + ANN.user_id, "CREDENTIAL")
    table.delete([key])
    if credential is not None:
        table.put({"PK": key[0], "SK": key[1], **credential})

    assert in_table(table).accounts.set_password(ANN, HASH, an_audit(ANN, THEN * SECOND))

    account = in_table(table).account(ANN.email)
    assert (account.user.token_version, account.password_hash) == (ANN.token_version + 1, HASH)


def test_mail_that_was_sent_can_be_redeemed(table: Table) -> None:
    fill(table, FIRST_WITH_MAIL)
    stores = in_table(table)

    assert [stores.tokens.read(token.purpose, token.request) for token in MAILED] == [*MAILED]
    used = stores.tokens.read("verify_email", "V" * 22)
    assert used is not None
    assert (used.used_at, used.grant) == (THEN, None)
    assert stores.accounts.get(EVE.user_id) == EVE


def test_an_audit_entry_can_be_read(cloud: Cloud) -> None:
    table = an_empty_table("samples-audit")
    fill(table, FIRST_WITH_AUDIT)

    entry = AuditEntry(
        DORA.user_id,
        "user.disabled",
        THEN * SECOND,
        by_operator("arn:aws:iam::123456789012:user/ann"),
        before=Standing(("admin", "auditor"), "active"),
        after=Standing(("admin", "auditor"), "disabled"),
    )
    assert in_table(table).audited(DORA.user_id) == [entry]


def test_the_newest_samples_are_what_this_version_writes(cloud: Cloud) -> None:
    table = an_empty_table("samples-today")
    write_everything(table)

    today = boto3.client("dynamodb").scan(TableName=table._name)["Items"]

    assert attributes(today) == attributes(json.loads(SAMPLES[-1].read_text()))


def fill(table: Table, sample: Path) -> None:
    """Put the items of a sample into a table, by one client: a client takes longer to make than items to put."""
    for item in json.loads(sample.read_text()):
        table._calls.call("PutItem", {"TableName": table._name, "Item": _with_bytes(item)})


def an_empty_table(name: str) -> Table:
    client = boto3.client("dynamodb")
    if name in client.list_tables()["TableNames"]:
        client.delete_table(TableName=name)
    create_table(name, table_properties(), None)
    return Table(LOCAL.dynamodb(), name)


def write_everything(table: Table) -> None:
    """Write at least one item of each kind."""
    stores = in_table(table)
    create(stores.accounts, ANN, DORA)
    stores.keep(a_session())
    stores.keep(a_session(ELSEWHERE, mode="cookie"))
    stores.revocations.end(ANN.user_id, ELSEWHERE, now_ms=THEN * SECOND)
    stores.revocations.revoke_token(TOKEN, now_ms=THEN * SECOND)
    stores.revocations.raise_version(DORA.user_id, DORA.token_version, an_audit(DORA.user_id, THEN * SECOND))
    PublishedKeys(table).record_issuer("https://auth.example.com")
    rings: list[tuple[Use, KeyRecord, dict[str, str] | None]] = [
        ("access", KeyRecord(ACCESS_KID, "ES256", THEN, THEN, b"sealed", OUR_KMS_KEY), {"kid": ACCESS_KID}),
        ("refresh", KeyRecord(REFRESH_KID, "HS256", THEN, THEN, b"sealed", OUR_KMS_KEY), None),
    ]
    for use, record, jwk in rings:
        rings_ = KeyRings(table, AuditTrail(table, days=400))
        rings_.change_ring(use, RingChange(add=[SealedKey(record, jwk)]), by_system(), version=0, now_ms=THEN * SECOND)
    Releases(table).accept(Release("r1", "d" * 64))
    _register(stores)
    _ask_for_mail(stores)
    stores.throttle.take(key_of_address(EVE.email), MAIL_TO_ADDRESS, now_ms=THEN * SECOND)
    stores.throttle.reserve(key_of_address(EVE.email), CODES_OF_MAILBOX, now_ms=THEN * SECOND)
    stores.guesses.reserve("device:" + "F" * 22, now_ms=THEN * SECOND)
    assert stores.openings.open(a_session("L" * 22), admission_of(ANN))


def _register(stores: Stores) -> None:
    """Let Eve register. Then she begins to delete her account, and stops."""
    token = a_token("V" * 22, Registration(EVE.email), EVE.email)
    assert stores.tokens.offer(token)
    assert stores.redemptions.register(token, EVE, HASH, an_audit(EVE, THEN * SECOND), by_code=False)
    assert stores.accounts.begin_leaving(EVE, now=THEN)


def _ask_for_mail(stores: Stores) -> None:
    for token in MAILED:
        assert stores.tokens.offer(token)


def create(accounts: AllAccounts, *users: User) -> None:
    for user in users:
        assert accounts.create(user, HASH, an_audit(user))


def attributes(items: Iterable[Mapping[str, Any]]) -> dict[str, set[frozenset[str]]]:
    """Return which sets of attributes the items of each kind have."""
    found: dict[str, set[frozenset[str]]] = defaultdict(set)
    for item in items:
        kind = item["PK"]["S"].partition("#")[0]
        found[f"{kind} {item['SK']['S']}" if item["SK"]["S"] in ("RING", "ISSUER") else kind].add(frozenset(item))
    return dict(found)


def _with_bytes(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: {"B": b64decode(value["B"])} if "B" in value else value for name, value in item.items()}
