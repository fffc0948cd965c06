"""Revoking a token, a session, or every token of a user."""

from sallyport.audit import AuditEntry
from sallyport.aws.dynamodb.revoking import RevokingWrites
from sallyport.aws.dynamodb.session_items import AS_READ, NOT_REVOKED, as_read, optional_session
from sallyport.aws.dynamodb.table import ConditionFailed, Table
from sallyport.sessions.session import Mode, RaceLost, Session


class Revocations:
    """Revokes, each time in one transaction. Implements RevocationStore."""

    def __init__(self, table: Table, writes: RevokingWrites) -> None:
        self._table = table
        self._writes = writes

    def revoke_token(self, jti: str, *, now_ms: int) -> bool:
        return self._table.transact_if_possible(self._writes.token_revoked(jti, now_ms))

    def end(self, user_id: str, sid: str, *, now_ms: int, mode: Mode | None = None) -> bool:
        if mode is None:
            writes = self._writes.session_revoked(user_id, sid, now_ms)
        else:
            writes = self._writes.session_revoked(
                user_id,
                sid,
                now_ms,
                condition=f"{NOT_REVOKED} AND #mode = :mode",
                values={":mode": mode},
                names={"#mode": "mode"},
            )
        return self._table.transact_if_possible(writes)

    def revoke_session(self, user_id: str, sid: str, audit: AuditEntry) -> bool:
        writes = self._writes.session_revoked(user_id, sid, audit.at_ms)
        return self._table.transact_if_possible([*writes, self._writes.audited(audit)])

    def revoke_replayed(self, session: Session, audit: AuditEntry) -> None:
        writes = self._writes.session_revoked(
            session.user_id,
            session.sid,
            audit.at_ms,
            condition=AS_READ,
            values=as_read(session),
            names={"#first": "first"},
        )
        try:
            self._table.transact([*writes, self._writes.audited(audit)])
        except ConditionFailed as failed:
            raise RaceLost(optional_session(failed.current)) from None

    def raise_version(self, user_id: str, ver: int, audit: AuditEntry) -> bool:
        return self._table.transact_if_possible(self._writes.version_raised(user_id, ver, audit))
