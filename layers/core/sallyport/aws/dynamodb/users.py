"""Reading users by their id: all that an authorizer needs of accounts."""

from sallyport.accounts.user import User
from sallyport.aws.dynamodb.table import Table
from sallyport.aws.dynamodb.user_items import user_from, user_key


class Users:
    """The user items. Implements UserReader."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, user_id: str) -> User | None:
        (user,) = self._table.get(user_key(user_id))
        return user_from(user) if user else None
