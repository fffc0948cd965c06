"""The release that was accepted last."""

from sallyport.aws.dynamodb.table import Table
from sallyport.aws.release import Release

_KEY = ("RELEASE", "RELEASE")


class Releases:
    """One item. Implements `aws.release.ReleaseStore`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def last(self) -> Release | None:
        (item,) = self._table.get(_KEY)
        return Release(item["word"], item["runs_with"]) if item else None

    def accept(self, release: Release) -> None:
        pk, sk = _KEY
        self._table.put({"PK": pk, "SK": sk, "word": release.word, "runs_with": release.runs_with})
