"""Reading users: all that an authorizer and the mailer need of accounts."""

from sallyport.accounts.user import User
from sallyport.aws.dynamodb.table import Table
from sallyport.aws.dynamodb.user_items import login_name_key, user_from, user_key


class Users:
    """The user items. Implements UserDirectory."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, user_id: str) -> User | None:
        (user,) = self._table.get(user_key(user_id))
        return user_from(user) if user else None

    def named(self, email: str) -> User | None:
        (login_name,) = self._table.get(login_name_key(email))
        user = self.get(login_name["user_id"]) if login_name else None
        return user if user is not None and user.email == email else None  # they may move between the two reads
