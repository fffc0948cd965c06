"""The demo user, whose password everybody may know."""

from sallyport.accounts.hashing import Passwords
from sallyport.accounts.password import normal
from sallyport.accounts.user import new_user
from sallyport.audit import AuditEntry, by_system
from sallyport.aws.dynamodb.accounts import Accounts
from sallyport.aws.dynamodb.audit import AuditTrail
from sallyport.aws.dynamodb.revoking import RevokingWrites
from sallyport.aws.dynamodb.table import Table
from sallyport.clock import system_clock
from sallyport.settings import MAX_ACCESS_TOKEN_SECONDS

EMAIL = "demo@example.com"
PASSWORD = "correct horse battery staple"  # noqa: S105


def create_user(table: Table) -> None:
    """Create the demo user. Do nothing if the table has it from an earlier run."""
    trail = AuditTrail(table, days=1)
    accounts = Accounts(table, RevokingWrites(table, trail, access_token_seconds=MAX_ACCESS_TOKEN_SECONDS, shards=1))
    now_ms = system_clock()
    user = new_user(EMAIL, roles=("demo",), now=now_ms // 1000)
    audit = AuditEntry(user.user_id, "user.created", now_ms, by_system(), after=user.standing)
    accounts.create(user, Passwords().hash(normal(PASSWORD)), audit)
