"""What every user store promises."""

from dataclasses import replace

from dev.aws.cloud import LOCAL
from sallyport.accounts.one_time_token import EmailChange
from sallyport.accounts.user import User
from sallyport.aws.dynamodb.table import Table
from sallyport.aws.dynamodb.users import Users
from tests.contract.conftest import TABLE
from tests.contract.test_one_time_tokens import a_token
from tests.support.builders import NOW, SECOND, a_session, a_user, an_audit
from tests.support.stores import Stores


def test_a_user_is_found_by_their_canonical_address_with_their_hash(stores: Stores) -> None:
    user = a_user()

    assert stores.accounts.create(user, "hash", an_audit(user))

    account = stores.account(user.email)
    assert (account.user, account.password_hash) == (user, "hash")
    assert stores.accounts.get(user.user_id) == user
    assert stores.accounts.named(user.email) == user


def test_an_unknown_address_is_nobody(stores: Stores) -> None:
    assert stores.accounts.find("nobody@example.com").account is None
    assert stores.accounts.named("nobody@example.com") is None
    assert stores.accounts.get("nobody") is None


def test_an_address_belongs_to_the_first_who_takes_it(stores: Stores) -> None:
    first, second = a_user(), a_user()
    assert stores.accounts.create(first, "hash", an_audit(first))

    assert not stores.accounts.create(
        replace(second, email=first.email), "other", an_audit(replace(second, email=first.email))
    )

    assert stores.account(first.email).user == first
    assert stores.accounts.get(second.user_id) is None


def test_a_stronger_hash_replaces_the_one_that_was_read(stores: Stores) -> None:
    user = a_user()
    stores.accounts.create(user, "old", an_audit(user))

    assert stores.accounts.replace_hash(stores.account(user.email), "new")

    assert stores.account(user.email).password_hash == "new"


def test_a_hash_that_was_changed_in_between_stays(stores: Stores) -> None:
    user = a_user()
    stores.accounts.create(user, "old", an_audit(user))
    read = stores.account(user.email)
    stores.accounts.replace_hash(read, "changed by somebody else")

    assert not stores.accounts.replace_hash(read, "new")

    assert stores.account(user.email).password_hash == "changed by somebody else"


def test_a_hash_stays_when_the_version_was_raised_in_between(stores: Stores) -> None:
    user = a_user()
    stores.accounts.create(user, "old", an_audit(user))
    read = stores.account(user.email)
    stores.revocations.raise_version(user.user_id, 1, an_audit(user.user_id, NOW * SECOND))

    assert not stores.accounts.replace_hash(read, "new")

    assert stores.account(user.email).password_hash == "old"


def test_values_that_look_like_dynamodb_are_data(stores: Stores) -> None:
    strange = a_user(email="attribute_exists(pk)#:x@example.com", roles=("#n", ":v", "a = :v OR 1=1"))

    assert stores.accounts.create(strange, "USER#other", an_audit(strange))

    assert stores.account(strange.email).user == strange


def test_pages_hold_every_user_once(stores: Stores) -> None:
    users = [a_user() for _ in range(5)]
    for user in users:
        stores.accounts.create(user, "hash", an_audit(user))
        stores.keep(a_session(user))

    pages, after = [], None
    while True:
        page, after = stores.accounts.page(2, after=after)
        pages.append(page)
        if after is None:
            break

    listed = [user for page in pages for user in page]
    assert all(len(page) == 2 for page in pages[:-1])
    assert 1 <= len(pages[-1]) <= 2
    assert [listed.count(user) for user in users] == [1] * 5
    assert len(listed) == len({user.user_id for user in listed})


def test_a_user_who_moves_between_two_readings_is_not_named_by_the_old_address(dynamodb_stores: Stores) -> None:
    user = a_user()
    assert dynamodb_stores.accounts.create(user, "hash", an_audit(user))

    class Moving(Users):
        def get(self, user_id: str) -> User | None:
            grant = EmailChange(user.user_id, user.token_version, user.email, f"new-{user.email}")
            token = a_token(grant)
            assert dynamodb_stores.tokens.offer(token)
            assert dynamodb_stores.redemptions.move(token, grant, an_audit(grant.user_id, NOW * SECOND), by_code=False)
            return super().get(user_id)

    assert Moving(Table(LOCAL.dynamodb(), TABLE)).named(user.email) is None
    assert dynamodb_stores.accounts.named(f"new-{user.email}") is not None
