"""Every way in which a token dies before its time.

Each revocation is one transaction: the change itself and the entry that tells authorizers of it, conditional on the
thing existing and not being revoked yet. So nobody can fill the list by repeating a revocation.
"""

from collections.abc import Mapping, Sequence

from sallyport.accounts.user import Account, User
from sallyport.aws.dynamodb.entries import entry_item
from sallyport.aws.dynamodb.sessions import (
    ALIVE,
    AS_READ,
    NOT_REVOKED,
    as_read,
    optional_session,
    revoked_token_key,
    session_key,
)
from sallyport.aws.dynamodb.table import DAY, ConditionFailed, Item, Table, Write
from sallyport.aws.dynamodb.users import credential_key, keys_of, user_key
from sallyport.revocation.entries import (
    EVERY_VERSION,
    Revoked,
    SessionRevoked,
    TokenRevoked,
    UserRevoked,
    retention,
)
from sallyport.sessions.session import Mode, RaceLost, Session

_AT_VERSION = "attribute_exists(PK) AND token_version = :ver"


class Revocations:
    """Revokes, and keeps the entries for as long as a token could still be accepted.

    `access_token_seconds` decides how long that is; `shards` on how many partitions the entries are spread.
    """

    def __init__(self, table: Table, *, access_token_seconds: int, shards: int) -> None:
        self._table = table
        self._retention = retention(access_token_seconds)
        self._shards = shards

    def revoke_token(self, jti: str, *, now_ms: int) -> bool:
        """Revoke one access token, which nothing stored knows. False if it is revoked already."""
        ends = now_ms // 1000 + self._retention
        pk, sk = revoked_token_key(jti)
        item = {"PK": pk, "SK": sk, "expires_at": ends, "ttl": ends + DAY}
        revoked = self._table.put_in_transaction(item, condition="attribute_not_exists(PK)")
        return self._happened([revoked, self._entry(TokenRevoked(jti), now_ms)])

    def end(self, user_id: str, sid: str, *, now_ms: int, mode: Mode | None = None) -> bool:
        """Revoke a session, if it has this mode (None: any). False if there was nothing left to revoke."""
        condition, values, names = NOT_REVOKED, {}, {}
        if mode is not None:
            condition, values, names = f"{NOT_REVOKED} AND #mode = :mode", {":mode": mode}, {"#mode": "mode"}
        revoke = self._revoke_session(user_id, sid, now_ms, condition=condition, values=values, names=names)
        return self._happened([revoke, self._entry(SessionRevoked(sid), now_ms)])

    def revoke_replayed(self, session: Session, *, now_ms: int) -> None:
        """Revoke a session whose token was replayed, provided it is as it was read. Raises RaceLost."""
        revoke = self._revoke_session(
            session.user_id,
            session.sid,
            now_ms,
            condition=AS_READ,
            values=as_read(session),
            names={"#first": "first"},
        )
        try:
            self._table.transact([revoke, self._entry(SessionRevoked(session.sid), now_ms)])
        except ConditionFailed as failed:
            raise RaceLost(optional_session(failed.current)) from None

    def raise_version(self, user_id: str, ver: int, *, now_ms: int) -> bool:
        """Raise the user's token version from `ver`. False if it is no longer that."""
        return self._happened(self._raise_version(user_id, ver, now_ms))

    def disable(self, user: User, *, now_ms: int) -> bool:
        """Keep a user out until they are enabled. False if they are disabled already or no longer as they were read."""
        ver = user.token_version
        disabled = self._table.update_in_transaction(
            user_key(user.user_id),
            "SET #status = :disabled, token_version = :raised",
            condition=f"{_AT_VERSION} AND #status = :active",
            values={":disabled": "disabled", ":active": "active", ":ver": ver, ":raised": ver + 1},
            names={"#status": "status"},
        )
        return self._happened([disabled, self._entry(UserRevoked(user.user_id, ver + 1), now_ms)])

    def change_roles(self, user: User, roles: Sequence[str], *, now_ms: int) -> bool:
        """Give a user other roles, which revokes nothing. False if they have them or are not as they were read."""
        if tuple(roles) == user.roles:
            return False
        changed = self._table.update_in_transaction(
            user_key(user.user_id),
            "SET #roles = :roles",
            condition=f"{_AT_VERSION} AND #roles = :as_read",
            values={":roles": list(roles), ":as_read": list(user.roles), ":ver": user.token_version},
            names={"#roles": "roles"},
        )
        return self._happened([changed, self._entry(UserRevoked(user.user_id, user.token_version), now_ms)])

    def delete(self, user: User, *, now_ms: int) -> bool:
        """Delete a user with their credential and login name. False if their version is no longer as it was read.

        Without the user no session of theirs is alive, whether its item still stands or not.
        """
        the_user, *what_they_had = keys_of(user)
        deleted = self._table.delete_in_transaction(
            the_user, condition=_AT_VERSION, values={":ver": user.token_version}
        )
        rest = [self._table.delete_in_transaction(key) for key in what_they_had]
        return self._happened([deleted, *rest, self._entry(UserRevoked(user.user_id, EVERY_VERSION), now_ms)])

    def set_password(self, user: User, new_hash: str, *, now_ms: int) -> bool:
        """Give a user another password without knowing the old one. Every token and session of theirs dies.

        Returns False if their version is no longer as it was read. A login that checked the old password
        meanwhile opens a session of the old version, which is dead.
        """
        credential_set = self._table.update_in_transaction(
            credential_key(user.user_id),
            "SET password_hash = :new",
            condition="attribute_exists(PK)",
            values={":new": new_hash},
        )
        return self._happened([credential_set, *self._raise_version(user.user_id, user.token_version, now_ms)])

    def change_password(self, account: Account, sid: str, new_hash: str, *, now_ms: int) -> Session | None:
        """Store the hash of a new password and raise the token version, from which only session `sid` comes back.

        One transaction, provided that hash and version are those of `account` and the session is alive. `account`
        must be of the version of the token that asks for it, or else one that just died could still ask.
        Answers the session as it is then (a logout may have ended it at once), whose head nobody has been given yet;
        None if something stood in the way.

        A transaction answers no attributes, so the head is read afterwards: until it is answered, nobody can move it.
        The same reading tells whether it was a retry of our own that stood in the way: no two hashes are equal.
        """
        user_id, ver = account.user.user_id, account.user.token_version
        credential_changed = self._table.update_in_transaction(
            credential_key(user_id),
            "SET password_hash = :new",
            condition="password_hash = :old",
            values={":new": new_hash, ":old": account.password_hash},
        )
        session_reopened = self._table.update_in_transaction(
            session_key(user_id, sid),
            "SET ver = :raised, floor = head, parent = head, #first = head + :one, head = head + :one,"
            " rotated_at = :now_ms",
            condition=ALIVE,
            values={":raised": ver + 1, ":one": 1, ":now_ms": now_ms, ":now": now_ms // 1000, ":ver": ver},
            names={"#first": "first"},
        )
        happened = self._happened([credential_changed, session_reopened, *self._raise_version(user_id, ver, now_ms)])
        credential, session = self._table.get(credential_key(user_id), session_key(user_id, sid))
        is_ours = happened or (credential is not None and credential["password_hash"] == new_hash)
        return optional_session(session) if is_ours else None

    def _revoke_session(
        self, user_id: str, sid: str, now_ms: int, *, condition: str, values: Item, names: Mapping[str, str]
    ) -> Write:
        now = now_ms // 1000
        return self._table.update_in_transaction(
            session_key(user_id, sid),
            "SET revoked_at = :now, #ttl = :ttl",
            condition=condition,
            values={":now": now, ":ttl": now + DAY, **values},
            names={"#ttl": "ttl", **names},
        )

    def _raise_version(self, user_id: str, ver: int, now_ms: int) -> list[Write]:
        raised = self._table.update_in_transaction(
            user_key(user_id),
            "SET token_version = :raised",
            condition=_AT_VERSION,
            values={":raised": ver + 1, ":ver": ver},
        )
        return [raised, self._entry(UserRevoked(user_id, ver + 1), now_ms)]

    def _happened(self, writes: list[Write]) -> bool:
        try:
            self._table.transact(writes)
        except ConditionFailed:
            return False
        return True

    def _entry(self, revoked: Revoked, now_ms: int) -> Write:
        expires_at = now_ms // 1000 + self._retention
        return self._table.put_in_transaction(entry_item(revoked, now_ms, expires_at=expires_at, shards=self._shards))
