"""The decoys' items, which are those of any user."""

from collections.abc import Callable, Sequence

from sallyport.accounts.decoys import DECOYS
from sallyport.accounts.user import User
from sallyport.aws.dynamodb.table import Item, Table
from sallyport.aws.dynamodb.user_items import credential_key, items_of, keys_of

_READ_AT_ONCE = 33
"""Three items each, of the hundred that a call may read."""


class Decoys:
    """The items of the decoys. Implements DecoyStore."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def wanting(self, is_current: Callable[[str], bool]) -> list[User]:
        parts = (DECOYS[first : first + _READ_AT_ONCE] for first in range(0, len(DECOYS), _READ_AT_ONCE))
        return [decoy for part in parts for decoy in self._wanting_of(part, is_current)]

    def _wanting_of(self, decoys: Sequence[User], is_current: Callable[[str], bool]) -> list[User]:
        keys = [key for decoy in decoys for key in keys_of(decoy)]
        stored = {(item["PK"], item["SK"]): item for item in self._table.get(*keys) if item}
        return [decoy for decoy in decoys if not _is_whole(decoy, stored, is_current)]

    def put(self, decoys: Sequence[User], password_hash: str) -> None:
        self._table.put_each([item for decoy in decoys for item in items_of(decoy, password_hash)])


def _is_whole(decoy: User, stored: dict[tuple[str, str], Item], is_current: Callable[[str], bool]) -> bool:
    credential = stored.get(credential_key(decoy.user_id), {})
    password_hash = str(credential.get("password_hash", ""))
    as_made = items_of(decoy, password_hash)
    return is_current(password_hash) and all(stored.get((item["PK"], item["SK"])) == item for item in as_made)
