"""The audit trail as items: `AUDIT#<user id, or ":keys">` / `<ms>#<random>`.

Every attribute is a text that is always there, "" for nothing: the template's pipe to EventBridge can name it.
"""

import secrets
from datetime import UTC, datetime
from typing import Any, cast

from sallyport.audit import Action, AuditEntry, Cause, Standing
from sallyport.aws.dynamodb.table import DAY, Item, Table, Write


class AuditTrail:
    """Makes the writes that store entries, for stores to put into their transactions, and reads entries.

    Entries are kept for `days`. No function may read them: a function that could would find their keys, and could
    replace them.
    """

    def __init__(self, table: Table, *, days: int) -> None:
        self._table = table
        self._seconds = days * DAY

    def write(self, entry: AuditEntry) -> Write:
        """Return the write of an entry, which goes beside the change that it tells of."""
        return self._table.put_in_transaction(
            {
                "PK": _partition(entry.about),
                "SK": f"{max(entry.at_ms, 0):013}#{secrets.token_hex(16)}",
                **_attributes(entry),
                "ttl": entry.at_ms // 1000 + self._seconds,
            }
        )

    def about(self, user_id: str) -> list[AuditEntry]:
        """Return the entries about a user, or about the keys (`audit.KEYS`), oldest first. Raises Unavailable."""
        return [_entry(item) for item in self._table.partition(_partition(user_id))]


def _partition(about: str) -> str:
    return f"AUDIT#{about}"


def _attributes(entry: AuditEntry) -> dict[str, str]:
    return {
        "about": entry.about,
        "at": datetime.fromtimestamp(entry.at_ms / 1000, UTC).isoformat(timespec="milliseconds"),
        "action": entry.action,
        "by": entry.cause.by,
        "by_sid": entry.cause.sid,
        "request_id": entry.cause.request_id,
        "sid": entry.sid,
        "roles_before": " ".join(entry.before.roles) if entry.before else "",
        "roles_after": " ".join(entry.after.roles) if entry.after else "",
        "status_before": entry.before.status if entry.before else "",
        "status_after": entry.after.status if entry.after else "",
        "use": entry.use,
        "kid": entry.kid,
    }


def _entry(item: Item) -> AuditEntry:
    return AuditEntry(
        about=item["about"],
        action=cast("Action", item["action"]),
        at_ms=int(item["SK"].partition("#")[0]),
        cause=Cause(item["by"], item["request_id"], item["by_sid"]),
        sid=item["sid"],
        before=_standing(item, "before"),
        after=_standing(item, "after"),
        use=item["use"],
        kid=item["kid"],
    )


def _standing(item: Any, when: str) -> Standing | None:
    status = item[f"status_{when}"]
    return Standing(tuple(item[f"roles_{when}"].split()), status) if status else None
