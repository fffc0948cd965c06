"""Users, their credentials and their login names."""

from itertools import islice

from sallyport.accounts.decoys import decoys_for, is_decoy
from sallyport.accounts.throttle import CODES_OF_MAILBOX, LOGIN_SCOPE, MAIL_TO_ADDRESS, key_of_address
from sallyport.accounts.user import Account, Found, User
from sallyport.audit import AuditEntry
from sallyport.aws.dynamodb.guesses import cleared, full_at
from sallyport.aws.dynamodb.revoking import RevokingWrites
from sallyport.aws.dynamodb.session_items import ALIVE, optional_session, session_key
from sallyport.aws.dynamodb.table import ConditionFailed, Table, Write
from sallyport.aws.dynamodb.throttle import forgotten, throttle_key
from sallyport.aws.dynamodb.user_items import (
    AT_VERSION,
    SHOWN,
    account_from,
    credential_key,
    items_of,
    keys_of,
    login_name_key,
    user_from,
    user_key,
)
from sallyport.aws.dynamodb.users import Users
from sallyport.revocation.entries import UserChanged, UserDeleted
from sallyport.sessions.session import Session

_SCOPES = (MAIL_TO_ADDRESS.scope, CODES_OF_MAILBOX.scope, LOGIN_SCOPE)
_AS_READ = f"{AT_VERSION} AND email = :email"


class Accounts:
    """The user, credential and login name items. Implements AccountStore.

    A change is one transaction with its audit entry, and with the entry that tells authorizers of void tokens.
    """

    def __init__(self, table: Table, writes: RevokingWrites) -> None:
        self._table = table
        self._writes = writes
        self._users = Users(table)

    def find(self, email: str) -> Found:
        """Read the account of a canonical address (AccountStore.find).

        Two calls ask for six keys and find four items, whatever there is of the account. For each item that the first
        call has found, the second asks for one that nobody has; for each that it has not, for one of a decoy.
        """
        login_name, logins = self._table.get(login_name_key(email), throttle_key(key_of_address(email), LOGIN_SCOPE))
        decoy, another = decoys_for(email)
        keys = keys_of(decoy)
        if login_name is not None:
            user_id, nobody = login_name["user_id"], login_name_key(decoy.user_id)  # an id is no address
            keys = user_key(user_id), credential_key(user_id), nobody
        filler = login_name_key(another.email if logins is None else another.user_id)
        user, credential, *_ = self._table.get(*keys, filler)
        account = account_from(user, credential) if user else None
        return Found(account if login_name is not None else None, full_at(logins))

    def get(self, user_id: str) -> User | None:
        return None if is_decoy(user_id) else self._users.get(user_id)

    def of_user(self, user_id: str) -> Account | None:
        user, credential = self._table.get(user_key(user_id), credential_key(user_id))
        return account_from(user, credential) if user else None

    def named(self, email: str) -> User | None:
        return self._users.named(email)

    def page(self, limit: int, *, after: str | None = None) -> tuple[list[User], str | None]:
        """List users in the table's own order, which does not change (AccountStore.page).

        Reads the table until it has found one user more than `limit` (Table.scan). Decoys are no users.
        """
        begin = user_key(after) if after else None
        listed = (user_from(item) for item in self._table.scan("USER", only=SHOWN, after=begin))
        found = list(islice((user for user in listed if not is_decoy(user.user_id)), limit + 1))
        shown = found[:limit]
        return shown, shown[-1].user_id if len(found) > limit else None

    def create(self, user: User, password_hash: str, audit: AuditEntry) -> bool:
        account = [
            self._table.put_in_transaction(item, condition="attribute_not_exists(PK)")
            for item in items_of(user, password_hash)
        ]
        return self._table.transact_if_possible([*account, self._writes.audited(audit)])

    def enable(self, user: User, audit: AuditEntry) -> bool:
        enabled = self._table.update_in_transaction(
            user_key(user.user_id),
            "SET #status = :active",
            condition="#status = :disabled",
            values={":active": "active", ":disabled": "disabled"},
            names={"#status": "status"},
        )
        return self._table.transact_if_possible([enabled, self._writes.audited(audit)])

    def disable(self, user: User, audit: AuditEntry) -> bool:
        ver = user.token_version
        disabled = self._table.update_in_transaction(
            user_key(user.user_id),
            "SET #status = :disabled, token_version = :raised",
            condition=f"{AT_VERSION} AND #status = :active",
            values={":disabled": "disabled", ":active": "active", ":ver": ver, ":raised": ver + 1},
            names={"#status": "status"},
        )
        entry = self._writes.entry(UserChanged(user.user_id, ver + 1), audit.at_ms)
        return self._table.transact_if_possible([disabled, entry, self._writes.audited(audit)])

    def change_roles(self, user: User, roles: tuple[str, ...], audit: AuditEntry) -> bool:
        if roles == user.roles:
            return False
        changed = self._table.update_in_transaction(
            user_key(user.user_id),
            "SET #roles = :roles",
            condition=f"{AT_VERSION} AND #roles = :as_read",
            values={":roles": list(roles), ":as_read": list(user.roles), ":ver": user.token_version},
            names={"#roles": "roles"},
        )
        entry = self._writes.entry(UserChanged(user.user_id, user.token_version), audit.at_ms)
        return self._table.transact_if_possible([changed, entry, self._writes.audited(audit)])

    def begin_leaving(self, user: User, *, now: int) -> bool:
        try:
            self._table.update(
                user_key(user.user_id),
                "SET leaving_at = :now",
                condition=_AS_READ,
                values={":now": now, ":ver": user.token_version, ":email": user.email},
            )
        except ConditionFailed:
            return False
        return True

    def delete(self, user: User, audit: AuditEntry, *, sid: str | None = None) -> bool:
        deleted = self._table.delete_in_transaction(
            user_key(user.user_id),
            condition=_AS_READ,
            values={":ver": user.token_version, ":email": user.email},
        )
        rest = [credential_key(user.user_id), login_name_key(user.email)]
        if sid is not None:
            rest.append(session_key(user.user_id, sid))
        return self._table.transact_if_possible(
            [
                deleted,
                *(self._table.delete_in_transaction(key) for key in rest),
                *forgotten(self._table, key_of_address(user.email), *_SCOPES),
                self._writes.entry(UserDeleted(user.user_id), audit.at_ms),
                self._writes.audited(audit),
            ]
        )

    def replace_hash(self, account: Account, new_hash: str) -> bool:
        user = account.user
        same_version = self._table.check_in_transaction(
            user_key(user.user_id),
            condition="token_version = :ver",
            values={":ver": user.token_version},
        )
        return self._table.transact_if_possible([same_version, self._hash_replaced(account, new_hash)])

    def set_password(self, user: User, new_hash: str, audit: AuditEntry) -> bool:
        """Replace the hash, whatever it was, or give the user their first (AccountStore.set_password).

        A login that has just checked the old password opens a session of the old version, which is dead.
        """
        credential_set = self._table.update_in_transaction(
            credential_key(user.user_id),
            "SET password_hash = :new",
            values={":new": new_hash},
        )
        version_raised = self._writes.version_raised(user.user_id, user.token_version, audit)
        failures_cleared = cleared(self._table, key_of_address(user.email), now=audit.at_ms // 1000)
        return self._table.transact_if_possible([credential_set, failures_cleared, *version_raised])

    def change_password(self, account: Account, sid: str, new_hash: str, audit: AuditEntry) -> Session | None:
        """Store a new hash and raise the token version, from which only session `sid` comes back, in one transaction.

        The conditions: hash and version are those of `account`, and the session is alive. `account` must have the
        version of the token that asks for the change: else a token that has just died could still ask for it.

        Returns the session as it is then, with a head that nobody has been given yet, or None if nothing was changed.
        The session may be dead already, by a logout.
        """
        user_id, ver, now_ms = account.user.user_id, account.user.token_version, audit.at_ms
        session_reopened = self._table.update_in_transaction(
            session_key(user_id, sid),
            "SET ver = :raised, floor = head, parent = head, #first = head + :one, head = head + :one,"
            " rotated_at = :now_ms",
            condition=ALIVE,
            values={":raised": ver + 1, ":one": 1, ":now_ms": now_ms, ":now": now_ms // 1000, ":ver": ver},
            names={"#first": "first"},
        )
        is_changed = self._table.transact_if_possible(
            [
                self._hash_replaced(account, new_hash),
                session_reopened,
                *self._writes.version_raised(user_id, ver, audit),
            ]
        )
        # A transaction returns no attributes, so read the session now: its head can move only once we have returned it.
        # If the transaction failed but the stored hash is ours, an earlier try of this same call succeeded.
        credential, session = self._table.get(credential_key(user_id), session_key(user_id, sid))
        is_ours = is_changed or (credential is not None and credential.get("password_hash") == new_hash)
        return optional_session(session) if is_ours else None

    def _hash_replaced(self, account: Account, new_hash: str) -> Write:
        old_hash = account.password_hash or ""  # a user without a password never matches
        return self._table.update_in_transaction(
            credential_key(account.user.user_id),
            "SET password_hash = :new",
            condition="password_hash = :old",
            values={":new": new_hash, ":old": old_hash},
        )
