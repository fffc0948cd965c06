"""The demo user, whose password everybody may know."""

from sallyport.accounts.hashing import Passwords
from sallyport.accounts.password import normal
from sallyport.accounts.user import new_user
from sallyport.aws.dynamodb.accounts import Accounts
from sallyport.aws.dynamodb.revoking import RevokingWrites
from sallyport.aws.dynamodb.table import Table
from sallyport.clock import system_clock
from sallyport.settings import MAX_ACCESS_TOKEN_SECONDS

EMAIL = "demo@example.com"
PASSWORD = "correct horse battery staple"  # noqa: S105


def create_user(table: Table) -> None:
    """Create the demo user. Do nothing if the table has it from an earlier run."""
    accounts = Accounts(table, RevokingWrites(table, access_token_seconds=MAX_ACCESS_TOKEN_SECONDS, shards=1))
    user = new_user(EMAIL, roles=("demo",), now=system_clock() // 1000)
    accounts.create(user, Passwords().hash(normal(PASSWORD)))
