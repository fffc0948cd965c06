"""Spending one-time tokens, each time in one transaction with what the token opens."""

from collections.abc import Sequence

from sallyport.accounts.one_time_token import EmailChange, OneTimeToken, Reset
from sallyport.accounts.throttle import CODES_OF_MAILBOX, key_of_address
from sallyport.accounts.user import User
from sallyport.audit import AuditEntry
from sallyport.aws.dynamodb.guesses import cleared
from sallyport.aws.dynamodb.one_time_tokens import is_spent_by, spent
from sallyport.aws.dynamodb.revoking import RevokingWrites
from sallyport.aws.dynamodb.table import Table, Write
from sallyport.aws.dynamodb.throttle import given_back
from sallyport.aws.dynamodb.user_items import (
    AT_VERSION,
    NOT_LEAVING,
    credential_key,
    items_of,
    login_name_item,
    login_name_key,
    not_leaving,
    user_key,
)
from sallyport.identifiers import new_id
from sallyport.revocation.entries import UserChanged

_FREE = "attribute_not_exists(PK)"


class Redemptions:
    """Spends one-time tokens. Implements RedemptionStore.

    A transaction whose answer was lost is sent again, and then meets its own work. So after a refusal the token is
    asked who has spent it.
    """

    def __init__(self, table: Table, writes: RevokingWrites) -> None:
        self._table = table
        self._writes = writes

    def register(
        self, token: OneTimeToken, user: User, password_hash: str, audit: AuditEntry, *, by_code: bool
    ) -> bool:
        account = [self._table.put_in_transaction(item, condition=_FREE) for item in items_of(user, password_hash)]
        failures_cleared = cleared(self._table, key_of_address(user.email), now=audit.at_ms // 1000)
        return self._spend(token, [*account, failures_cleared], audit, by_code=by_code)

    def reset(self, token: OneTimeToken, grant: Reset, new_hash: str, audit: AuditEntry, *, by_code: bool) -> bool:
        now = audit.at_ms // 1000
        user_changed = self._table.update_in_transaction(
            user_key(grant.user_id),
            "SET token_version = :raised, email_verified_at = :now",
            condition=f"{AT_VERSION} AND email = :email",
            values={":raised": grant.ver + 1, ":now": now, ":ver": grant.ver, ":email": grant.email},
        )
        credential_set = self._table.update_in_transaction(
            credential_key(grant.user_id), "SET password_hash = :new", values={":new": new_hash}
        )
        entry = self._writes.entry(UserChanged(grant.user_id, grant.ver + 1), audit.at_ms)
        failures_cleared = cleared(self._table, key_of_address(grant.email), now=now)
        changes = [user_changed, credential_set, entry, failures_cleared]
        return self._spend(token, changes, audit, by_code=by_code)

    def move(self, token: OneTimeToken, grant: EmailChange, audit: AuditEntry, *, by_code: bool) -> bool:
        now = audit.at_ms // 1000
        user_moved = self._table.update_in_transaction(
            user_key(grant.user_id),
            "SET email = :new, email_verified_at = :now",
            condition=f"{AT_VERSION} AND email = :old AND {NOT_LEAVING}",
            values={
                ":new": grant.new_email,
                ":old": grant.email,
                ":now": now,
                ":ver": grant.ver,
                **not_leaving(now),
            },
        )
        old_name_gone = self._table.delete_in_transaction(
            login_name_key(grant.email), condition="user_id = :user_id", values={":user_id": grant.user_id}
        )
        new_name = self._table.put_in_transaction(login_name_item(grant.new_email, grant.user_id), condition=_FREE)
        return self._spend(token, [new_name, old_name_gone, user_moved], audit, by_code=by_code)

    def _spend(self, token: OneTimeToken, change: Sequence[Write], audit: AuditEntry, *, by_code: bool) -> bool:
        us, now = new_id(), audit.at_ms // 1000
        writes = [spent(self._table, token, by=us, now=now), *change, self._writes.audited(audit)]
        if by_code:
            writes.append(given_back(self._table, key_of_address(token.mailbox), CODES_OF_MAILBOX, now=now))
        return self._table.transact_if_possible(writes) or is_spent_by(self._table, token, us)
