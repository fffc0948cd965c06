"""Users, their credentials and their login names."""

from base64 import urlsafe_b64encode
from hashlib import sha256
from itertools import islice

from sallyport.accounts.user import Account, User
from sallyport.aws.dynamodb.table import ConditionFailed, Item, Key, Table

SCHEMA_VERSION = 1

_SHOWN = ("PK", "email", "token_version", "status", "roles", "created_at")


def user_key(user_id: str) -> Key:
    return f"USER#{user_id}", "USER"


def credential_key(user_id: str) -> Key:
    return f"CREDENTIAL#{user_id}", "CREDENTIAL"


def _login_name_key(email: str) -> Key:
    return f"EMAIL#{email}", "EMAIL"


def keys_of(user: User) -> list[Key]:
    """Name the items that `create` makes."""
    return [user_key(user.user_id), credential_key(user.user_id), _login_name_key(user.email)]


class Users:
    """The user items. Implements `sessions.login.AccountStore`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def find(self, email: str) -> Account | None:
        (login_name,) = self._table.get(_login_name_key(email))
        user_id = login_name["user_id"] if login_name else _decoy_id(email)
        user, credential = self._table.get(user_key(user_id), credential_key(user_id))
        if user is None or credential is None:
            return None
        return Account(user_from(user), credential["password_hash"])

    def get(self, user_id: str) -> User | None:
        (user,) = self._table.get(user_key(user_id))
        return user_from(user) if user else None

    def named(self, email: str) -> User | None:
        """Find a user by their address, without touching their credential."""
        (login_name,) = self._table.get(_login_name_key(email))
        return self.get(login_name["user_id"]) if login_name else None

    def page(self, limit: int, *, after: str | None = None) -> tuple[list[User], str | None]:
        """List users in the table's own order, which stays: up to `limit` of them, behind the user `after`.

        Reads the table until it has found one more (`Table.scan`).

        Returns the users and what to pass as `after` for the next page, or None if there is none.
        """
        begin = user_key(after) if after else None
        found = [user_from(item) for item in islice(self._table.scan("USER", only=_SHOWN, after=begin), limit + 1)]
        shown = found[:limit]
        return shown, shown[-1].user_id if len(found) > limit else None

    def create(self, user: User, password_hash: str) -> bool:
        """Store user, credential and login name in one transaction. False if the address is taken."""
        absent = "attribute_not_exists(PK)"
        login_name = _item(_login_name_key(user.email), user_id=user.user_id)
        credential = _item(credential_key(user.user_id), password_hash=password_hash)
        try:
            self._table.transact(
                [
                    self._table.put_in_transaction(login_name, condition=absent),
                    self._table.put_in_transaction(_user_item(user), condition=absent),
                    self._table.put_in_transaction(credential, condition=absent),
                ]
            )
        except ConditionFailed:
            return False
        return True

    def enable(self, user_id: str) -> bool:
        """Let a disabled user log in again. Their old tokens stay dead. False if they are not disabled."""
        try:
            self._table.update(
                user_key(user_id),
                "SET #status = :active",
                condition="#status = :disabled",
                values={":active": "active", ":disabled": "disabled"},
                names={"#status": "status"},
            )
        except ConditionFailed:
            return False
        return True

    def replace_hash(self, account: Account, new_hash: str) -> bool:
        """Store a stronger hash of the same password, unless password or token version changed in between."""
        user = account.user
        try:
            self._table.transact(
                [
                    self._table.check_in_transaction(
                        user_key(user.user_id),
                        condition="token_version = :ver",
                        values={":ver": user.token_version},
                    ),
                    self._table.update_in_transaction(
                        credential_key(user.user_id),
                        "SET password_hash = :new",
                        condition="password_hash = :old",
                        values={":new": new_hash, ":old": account.password_hash},
                    ),
                ]
            )
        except ConditionFailed:
            return False
        return True


def _decoy_id(email: str) -> str:
    """Name a user who does not exist, another one for every address, so that no partition gets all the misses."""
    return urlsafe_b64encode(sha256(email.encode()).digest()).decode()[:22]


def user_from(item: Item) -> User:
    return User(
        user_id=item["PK"].removeprefix("USER#"),
        email=item["email"],
        token_version=item["token_version"],
        status=item["status"],
        roles=tuple(item["roles"]),
        created_at=item["created_at"],
    )


def _user_item(user: User) -> Item:
    return _item(
        user_key(user.user_id),
        email=user.email,
        token_version=user.token_version,
        status=user.status,
        roles=list(user.roles),
        created_at=user.created_at,
        schema_version=SCHEMA_VERSION,
    )


def _item(key: Key, **attributes: object) -> Item:
    return {"PK": key[0], "SK": key[1], **attributes}
