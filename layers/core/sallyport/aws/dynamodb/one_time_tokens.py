"""One-time tokens: `OTT#<request>` / `<purpose>`. What a reader of the table learns opens nothing."""

from contextlib import suppress
from typing import Any

from sallyport.accounts.one_time_token import (
    MAX_TRIES,
    EmailChange,
    Grant,
    OneTimeToken,
    Purpose,
    Registration,
    Reset,
)
from sallyport.aws.dynamodb.table import DAY, ConditionFailed, Item, Key, Table, Write

_OF_THE_GRANT = ("opens", "user_id", "token_version", "email")
_PERSONAL = ("mailbox", "email", "secret_hash", "code_hash")
_NOT_USED = "attribute_exists(PK) AND attribute_not_exists(used_at) AND expires_at > :now"


def one_time_token_key(purpose: Purpose, request: str) -> Key:
    return f"OTT#{request}", purpose


class OneTimeTokens:
    """The one-time tokens. Implements OneTimeTokenStore."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def offer(self, token: OneTimeToken) -> bool:
        """Store a token (OneTimeTokenStore.offer). A queue may deliver a message twice, hence `if_not_exists`."""
        new = {
            "mailbox": token.mailbox,
            "secret_hash": token.secret_hash,
            "code_hash": token.code_hash,
            **_attributes(token.grant),
        }
        gone = [name for name in _OF_THE_GRANT if name not in new]
        kept = {"tries": 0, "expires_at": token.expires_at, "ttl": token.expires_at + DAY}
        sets = [f"#{name} = :{name}" for name in new] + [f"#{n} = if_not_exists(#{n}, :{n})" for n in kept]
        change = f"SET {', '.join(sets)}" + (f" REMOVE {', '.join(f'#{name}' for name in gone)}" if gone else "")
        try:
            self._table.update(
                one_time_token_key(token.purpose, token.request),
                change,
                condition="attribute_not_exists(used_at)",
                values={f":{name}": value for name, value in {**new, **kept}.items()},
                names={f"#{name}": name for name in (*new, *kept, *gone)},
            )
        except ConditionFailed:
            return False
        return True

    def read(self, purpose: Purpose, request: str) -> OneTimeToken | None:
        (item,) = self._table.get(one_time_token_key(purpose, request))
        return _token(item) if item else None

    def take_try(self, purpose: Purpose, request: str, *, now: int) -> OneTimeToken | None:
        with suppress(ConditionFailed):
            item = self._table.update(
                one_time_token_key(purpose, request),
                "SET tries = tries + :one",
                condition=f"{_NOT_USED} AND tries < :most",
                values={":one": 1, ":most": MAX_TRIES, ":now": now},
            )
            return _token(item)
        return None

    def give_back(self, purpose: Purpose, request: str) -> None:
        with suppress(ConditionFailed):  # used or gone meanwhile
            self._table.update(
                one_time_token_key(purpose, request),
                "SET tries = tries - :one",
                condition="tries > :none AND attribute_not_exists(used_at)",
                values={":one": 1, ":none": 0},
            )


def spent(table: Table, token: OneTimeToken, *, by: str, now: int) -> Write:
    """Return the write that uses a token up, once and while it lives. Address and hashes leave the table with it.

    `by` names the redemption, so that it knows its own work again (`is_spent_by`).
    """
    return table.update_in_transaction(
        one_time_token_key(token.purpose, token.request),
        f"SET used_at = :now, used_by = :by REMOVE {', '.join(_PERSONAL)}",
        condition=_NOT_USED,
        values={":now": now, ":by": by},
    )


def is_spent_by(table: Table, token: OneTimeToken, by: str) -> bool:
    """Tell whether it was this redemption that used a token up."""
    (item,) = table.get(one_time_token_key(token.purpose, token.request))
    return item is not None and item.get("used_by") == by


def _attributes(grant: Grant | None) -> dict[str, Any]:
    """Return what an item says of a grant. The other address of a grant is the mailbox."""
    match grant:
        case None:
            return {"opens": False}
        case Registration():
            return {"opens": True}
        case Reset(user_id, ver, email) | EmailChange(user_id, ver, email):
            return {"opens": True, "user_id": user_id, "token_version": ver, "email": email}


def _token(item: Item) -> OneTimeToken:
    return OneTimeToken(
        request=item["PK"].removeprefix("OTT#"),
        purpose=item["SK"],
        mailbox=item.get("mailbox", ""),
        secret_hash=item.get("secret_hash", b""),
        code_hash=item.get("code_hash", ""),
        expires_at=item["expires_at"],
        grant=_grant(item) if item["opens"] and "used_at" not in item else None,
        used_at=item.get("used_at"),
    )


def _grant(item: Item) -> Grant:
    match item["SK"]:
        case "verify_email":
            return Registration(item["mailbox"])
        case "reset_password":
            return Reset(item["user_id"], item["token_version"], item["email"])
        case _:
            return EmailChange(item["user_id"], item["token_version"], item["email"], item["mailbox"])
