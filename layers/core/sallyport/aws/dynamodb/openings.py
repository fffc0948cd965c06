"""Opening sessions, in one transaction with what a login counts."""

from contextlib import suppress

from sallyport.accounts.guesses import Admission
from sallyport.aws.dynamodb.guesses import admitted, full_at
from sallyport.aws.dynamodb.session_items import NOT_REVOKED, session_item, session_key
from sallyport.aws.dynamodb.table import DAY, ConditionFailed, Table
from sallyport.aws.dynamodb.user_items import AT_VERSION, NOT_LEAVING, not_leaving, user_key
from sallyport.errors import ChangedMeanwhile, TooManyAttempts
from sallyport.sessions.session import Mode, Session

_TIMES = 3


class Openings:
    """The session items that logins write. Implements OpeningStore."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def open(self, session: Session, admission: Admission) -> bool:
        user_as_needed = self._table.check_in_transaction(
            user_key(session.user_id),
            condition=f"{AT_VERSION} AND #status = :active AND {NOT_LEAVING}",
            values={":ver": session.ver, ":active": "active", **not_leaving(session.created_at)},
            names={"#status": "status"},
        )
        opened = self._table.put_in_transaction(session_item(session))
        now_ms, full_at_ms = session.rotation.rotated_at, admission.full_at_ms
        for _ in range(_TIMES):
            counted = admitted(self._table, admission, full_at_ms=full_at_ms, now_ms=now_ms)
            try:
                self._table.transact([user_as_needed, opened, *counted])
            except ConditionFailed as failed:
                if failed.position == 0:
                    return False
                full_at_ms = full_at(failed.current)  # another login came first
                if wait := admission.bucket.empty_for(full_at_ms, now_ms):
                    raise TooManyAttempts(wait) from None
            else:
                return True
        raise ChangedMeanwhile

    def retire(self, user_id: str, sid: str, *, mode: Mode, now: int) -> None:
        with suppress(ConditionFailed):
            self._table.update(
                session_key(user_id, sid),
                "SET revoked_at = :now, #ttl = :ttl",
                condition=f"{NOT_REVOKED} AND #mode = :mode",
                values={":now": now, ":ttl": now + DAY, ":mode": mode},
                names={"#mode": "mode", "#ttl": "ttl"},
            )
