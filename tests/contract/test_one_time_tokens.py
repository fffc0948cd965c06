"""What every store of one-time tokens promises."""

from dataclasses import replace

import pytest

from sallyport.accounts.one_time_token import (
    MAX_TRIES,
    EmailChange,
    Grant,
    OneTimeToken,
    OneTimeTokenStore,
    Registration,
    Reset,
    secret_hash,
)
from sallyport.accounts.throttle import CODES_OF_MAILBOX, key_of_address
from sallyport.accounts.user import User, new_user
from sallyport.identifiers import new_id
from sallyport.revocation.entries import UserChanged
from tests.contract.test_items import RawItems
from tests.support.builders import DAY, NOW, SECOND, a_session, a_user, an_audit
from tests.support.logging_in import admission_of
from tests.support.stores import Stores

ENDS = NOW + 1800


@pytest.fixture
def tokens(stores: Stores) -> OneTimeTokenStore:
    return stores.tokens


@pytest.fixture
def owner(stores: Stores) -> User:
    user = a_user()
    assert stores.accounts.create(user, "old hash", an_audit(user))
    return user


def an_address() -> str:
    return f"{new_id().lower().strip('-_')}@example.com"


def a_token(grant: Grant | None = None, **changes: object) -> OneTimeToken:
    purpose = {Reset: "reset_password", EmailChange: "confirm_email"}.get(type(grant), "verify_email")
    mailbox = {Reset: "email", EmailChange: "new_email", Registration: "email"}.get(type(grant), "")
    token = OneTimeToken(
        request=new_id(),
        purpose=purpose,  # type: ignore[arg-type]  # one of three
        mailbox=getattr(grant, mailbox) if mailbox else an_address(),
        secret_hash=secret_hash("secret"),
        code_hash="hash of the code",
        expires_at=ENDS,
        grant=grant,
    )
    return replace(token, **changes)  # type: ignore[arg-type]  # each of its own type


def of(user: User, grant: type[Reset | EmailChange]) -> Reset | EmailChange:
    if grant is Reset:
        return Reset(user.user_id, user.token_version, user.email)
    return EmailChange(user.user_id, user.token_version, user.email, an_address())


GRANTS: list[Grant | None] = [
    None,
    Registration("ann@example.com"),
    Reset("a-user", 3, "ann@example.com"),
    EmailChange("a-user", 3, "ann@example.com", "bob@example.com"),
]


@pytest.mark.parametrize("grant", GRANTS, ids=lambda grant: type(grant).__name__)
def test_a_token_is_read_as_it_was_stored(tokens: OneTimeTokenStore, grant: Grant | None) -> None:
    token = a_token(grant)

    assert tokens.offer(token)

    assert tokens.read(token.purpose, token.request) == token
    assert tokens.read("reset_password" if grant is None else "verify_email", new_id()) is None


def test_a_token_is_found_under_its_own_purpose_only(tokens: OneTimeTokenStore) -> None:
    token = a_token(Registration("ann@example.com"))
    tokens.offer(token)

    assert tokens.read("reset_password", token.request) is None
    assert tokens.take_try("reset_password", token.request, now=NOW) is None


def test_a_second_message_renews_proof_and_grant_but_neither_tries_nor_the_end(tokens: OneTimeTokenStore) -> None:
    first = a_token(Registration("ann@example.com"))
    tokens.offer(first)
    tokens.take_try(first.purpose, first.request, now=NOW)
    newer = replace(first, secret_hash=secret_hash("newer"), code_hash="newer", grant=None, expires_at=ENDS + 600)

    assert tokens.offer(newer)

    assert tokens.read(first.purpose, first.request) == replace(newer, expires_at=ENDS)
    left = [tokens.take_try(first.purpose, first.request, now=NOW) for _ in range(MAX_TRIES)]
    assert [token is not None for token in left] == [True] * (MAX_TRIES - 1) + [False]


@pytest.mark.parametrize("now", [NOW, ENDS - 1])
def test_five_tries_can_be_taken_while_a_token_lives(tokens: OneTimeTokenStore, now: int) -> None:
    token = a_token(Registration("ann@example.com"))
    tokens.offer(token)

    taken = [tokens.take_try(token.purpose, token.request, now=now) for _ in range(MAX_TRIES + 1)]

    assert taken == [token] * MAX_TRIES + [None]


def test_no_try_can_be_taken_at_its_end_nor_of_a_token_that_there_is_not(tokens: OneTimeTokenStore) -> None:
    token = a_token(Registration("ann@example.com"))
    tokens.offer(token)

    assert tokens.take_try(token.purpose, token.request, now=ENDS) is None
    assert tokens.take_try(token.purpose, new_id(), now=NOW) is None


def test_a_try_that_is_given_back_can_be_taken_again_and_never_more(tokens: OneTimeTokenStore) -> None:
    token = a_token(Registration("ann@example.com"))
    tokens.offer(token)
    tokens.give_back(token.purpose, token.request)
    for _ in range(MAX_TRIES):
        tokens.take_try(token.purpose, token.request, now=NOW)

    tokens.give_back(token.purpose, token.request)

    assert tokens.take_try(token.purpose, token.request, now=NOW) is not None
    assert tokens.take_try(token.purpose, token.request, now=NOW) is None


def test_a_registration_creates_the_account_and_uses_its_token_up(stores: Stores) -> None:
    token = a_token(Registration(an_address()))
    stores.tokens.offer(token)
    user = new_user(token.mailbox, is_verified=True, now=NOW)

    assert stores.redemptions.register(token, user, "hash", an_audit(user, NOW * SECOND), by_code=False)

    account = stores.account(token.mailbox)
    assert (account.user, account.password_hash) == (user, "hash")
    assert account.user.email_verified_at == NOW
    again = new_user(token.mailbox, now=NOW)
    assert not stores.redemptions.register(token, again, "hash", an_audit(again, NOW * SECOND), by_code=False)
    assert not stores.tokens.offer(token)
    used = stores.tokens.read(token.purpose, token.request)
    assert used is not None
    assert (used.used_at, used.grant, used.mailbox, used.secret_hash, used.code_hash) == (NOW, None, "", b"", "")


def test_an_address_that_was_taken_meanwhile_is_registered_by_nobody_else(stores: Stores, owner: User) -> None:
    token = a_token(Registration(owner.email))
    stores.tokens.offer(token)

    done = stores.redemptions.register(
        token,
        new_user(owner.email, now=NOW),
        "h",
        an_audit(new_user(owner.email, now=NOW), NOW * SECOND),
        by_code=False,
    )

    assert not done
    assert stores.account(owner.email).password_hash == "old hash"
    assert stores.tokens.read(token.purpose, token.request) == token


def test_a_reset_replaces_the_password_and_kills_every_token(stores: Stores, owner: User) -> None:
    grant = of(owner, Reset)
    assert isinstance(grant, Reset)
    token = a_token(grant)
    stores.tokens.offer(token)

    assert stores.redemptions.reset(token, grant, "new hash", an_audit(grant.user_id, NOW * SECOND), by_code=False)

    account = stores.account(owner.email)
    assert account.password_hash == "new hash"
    assert account.user == replace(owner, token_version=owner.token_version + 1, email_verified_at=NOW)
    assert stores.entries(owner.user_id) == [UserChanged(owner.user_id, owner.token_version + 1)]


def test_a_change_of_address_moves_the_login_name_and_nothing_else(stores: Stores, owner: User) -> None:
    grant = of(owner, EmailChange)
    assert isinstance(grant, EmailChange)
    token = a_token(grant)
    stores.tokens.offer(token)

    assert stores.redemptions.move(token, grant, an_audit(grant.user_id, NOW * SECOND), by_code=False)

    assert stores.accounts.find(owner.email).account is None
    account = stores.account(grant.new_email)
    assert account.user == replace(owner, email=grant.new_email, email_verified_at=NOW)
    assert account.password_hash == "old hash"
    assert stores.entries(owner.user_id) == []


@pytest.mark.parametrize("kind", [Reset, EmailChange])
@pytest.mark.parametrize("why", ["used", "expired", "version", "address", "gone"])
def test_nothing_is_redeemed_when_the_account_has_moved_on(
    stores: Stores, owner: User, kind: type[Reset | EmailChange], why: str
) -> None:
    grant = of(owner, kind)
    token = a_token(grant)
    stores.tokens.offer(token)
    now = ENDS if why == "expired" else NOW
    match why:
        case "used":
            assert redeemed(stores, token, grant, now=NOW)
            grant = replace(grant, ver=grant.ver + (kind is Reset))
        case "version":
            assert stores.revocations.raise_version(
                owner.user_id, owner.token_version, an_audit(owner.user_id, NOW * SECOND)
            )
        case "address":
            other = of(owner, EmailChange)
            elsewhere = a_token(other)
            stores.tokens.offer(elsewhere)
            assert redeemed(stores, elsewhere, other, now=NOW)
        case "gone":
            assert stores.accounts.delete(owner, an_audit(owner, NOW * SECOND))
    before = stores.accounts.of_user(owner.user_id)

    assert not redeemed(stores, token, grant, now=now)

    assert stores.accounts.of_user(owner.user_id) == before


def redeemed(stores: Stores, token: OneTimeToken, grant: Reset | EmailChange, *, now: int) -> bool:
    if isinstance(grant, Reset):
        return stores.redemptions.reset(
            token, grant, f"hash {new_id()}", an_audit(grant.user_id, now * SECOND), by_code=False
        )
    return stores.redemptions.move(token, grant, an_audit(grant.user_id, now * SECOND), by_code=False)


def test_nobody_moves_to_an_address_that_has_an_account(stores: Stores, owner: User) -> None:
    other = a_user()
    stores.accounts.create(other, "hash", an_audit(other))
    grant = EmailChange(owner.user_id, owner.token_version, owner.email, other.email)
    token = a_token(grant)
    stores.tokens.offer(token)

    assert not stores.redemptions.move(token, grant, an_audit(grant.user_id, NOW * SECOND), by_code=False)

    assert stores.account(owner.email).user == owner
    assert stores.account(other.email).user == other


def test_nobody_moves_or_logs_in_while_they_leave_and_a_quarter_of_an_hour_later_they_may(
    stores: Stores, owner: User
) -> None:
    grant = of(owner, EmailChange)
    token = a_token(grant)
    stores.tokens.offer(token)
    assert stores.accounts.begin_leaving(owner, now=NOW)

    assert not redeemed(stores, token, grant, now=NOW + 899)
    assert not stores.openings.open(a_session(owner, created_at=NOW + 899), admission_of(owner))
    assert stores.openings.open(a_session(owner, created_at=NOW + 900), admission_of(owner))
    assert redeemed(stores, token, grant, now=NOW + 900)


def test_a_redeemed_code_gives_its_mailbox_the_try_back(stores: Stores, owner: User) -> None:
    grant = of(owner, Reset)
    assert isinstance(grant, Reset)
    token = a_token(grant)
    stores.tokens.offer(token)
    key = key_of_address(owner.email)
    for _ in range(CODES_OF_MAILBOX.size):
        stores.throttle.reserve(key, CODES_OF_MAILBOX, now_ms=NOW * SECOND)

    assert stores.redemptions.reset(token, grant, "new hash", an_audit(grant.user_id, NOW * SECOND), by_code=True)

    assert stores.throttle.reserve(key, CODES_OF_MAILBOX, now_ms=NOW * SECOND)
    assert not stores.throttle.reserve(key, CODES_OF_MAILBOX, now_ms=NOW * SECOND)


def test_a_used_item_says_nothing_personal_and_ends_a_day_after_its_end(
    dynamodb_stores: Stores, raw_items: RawItems
) -> None:
    token = a_token(Registration(an_address()))
    dynamodb_stores.tokens.offer(token)
    user = new_user(token.mailbox, now=NOW)
    assert dynamodb_stores.redemptions.register(token, user, "hash", an_audit(user, NOW * SECOND), by_code=False)

    (item,) = raw_items(f"OTT#{token.request}")

    assert item.keys() == {"PK", "SK", "opens", "tries", "expires_at", "used_at", "used_by", "ttl"}
    assert item["ttl"] == {"N": str(ENDS + DAY)}
