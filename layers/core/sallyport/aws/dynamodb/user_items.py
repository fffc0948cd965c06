"""Users, credentials and login names as items. An attribute that an older item may lack has a default on reading."""

from sallyport.accounts.user import Account, User
from sallyport.aws.dynamodb.table import Item, Key

SHOWN = ("PK", "email", "token_version", "status", "roles", "created_at", "email_verified_at")
"""What `user_from` reads."""

AT_VERSION = "attribute_exists(PK) AND token_version = :ver"

NOT_LEAVING = "(attribute_not_exists(leaving_at) OR leaving_at <= :gave_up)"
"""Nobody is deleting the user: that begins with `leaving_at`, and is given up after a quarter of an hour."""

_LEAVING_SECONDS = 15 * 60


def user_key(user_id: str) -> Key:
    return f"USER#{user_id}", "USER"


def credential_key(user_id: str) -> Key:
    return f"CREDENTIAL#{user_id}", "CREDENTIAL"


def login_name_key(email: str) -> Key:
    return f"EMAIL#{email}", "EMAIL"


def keys_of(user: User) -> tuple[Key, Key, Key]:
    """Return the keys of what `items_of` makes."""
    return user_key(user.user_id), credential_key(user.user_id), login_name_key(user.email)


def user_from(item: Item) -> User:
    return User(
        user_id=item["PK"].removeprefix("USER#"),
        email=item["email"],
        token_version=item["token_version"],
        status=item["status"],
        roles=tuple(item["roles"]),
        created_at=item["created_at"],
        email_verified_at=item.get("email_verified_at"),
    )


def account_from(user: Item, credential: Item | None) -> Account:
    return Account(user_from(user), credential.get("password_hash") if credential else None)


def not_leaving(now: int) -> dict[str, int]:
    """Return the values of NOT_LEAVING."""
    return {":gave_up": now - _LEAVING_SECONDS}


def items_of(user: User, password_hash: str) -> list[Item]:
    """Return the items of a new user, the login name first: if the address is taken, that condition fails."""
    return [
        login_name_item(user.email, user.user_id),
        _item(
            user_key(user.user_id),
            email=user.email,
            token_version=user.token_version,
            status=user.status,
            roles=list(user.roles),
            created_at=user.created_at,
            email_verified_at=user.email_verified_at,
        ),
        _item(credential_key(user.user_id), password_hash=password_hash),
    ]


def login_name_item(email: str, user_id: str) -> Item:
    return _item(login_name_key(email), user_id=user_id)


def _item(key: Key, **attributes: object) -> Item:
    return {"PK": key[0], "SK": key[1], **attributes}
