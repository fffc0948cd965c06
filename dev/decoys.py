"""The decoys, which setup makes on AWS."""

from sallyport.accounts.hashing import Passwords
from sallyport.aws.dynamodb.decoys import Decoys
from sallyport.aws.dynamodb.table import Table
from sallyport.use_cases.keep_decoys import KeepDecoys


def make(table: Table) -> None:
    """Make the decoys that the table has not got yet, from an earlier run."""
    KeepDecoys(store=Decoys(table), passwords=Passwords())()
