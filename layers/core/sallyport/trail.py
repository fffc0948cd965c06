"""What a request leaves behind for the log, beside its response."""

from typing import Literal

from sallyport.values import dataclass

Note = Literal[
    "race_lost",  # another request moved the session first, so this one read it again
    "sibling_skipped",  # a rotation left a token behind that nobody had used
    "not_rehashed",  # a password hash stays weaker than today's
    "older_not_ended",  # the session that a login replaces lives on
    "no_room_made",  # a user keeps more sessions than allowed until the next login
    "notice_lost",  # a change was made, and the mail that tells the user of it was not enqueued
    "breach_check_failed",  # nobody knows whether a new password was stolen elsewhere; it was taken
]
"""What else happened on the way to a response."""


@dataclass(frozen=True, slots=True)
class Trail:
    """The session that a request was about, of which only a digest is ever logged, and what else happened on the way.

    Each word in `also` is counted and logged as often as it stands there.
    """

    sid: str = ""
    also: tuple[Note, ...] = ()

    def adding(self, *notes: Note) -> "Trail":
        """Return this trail with more notes."""
        return Trail(self.sid, (*self.also, *notes))


NO_TRAIL = Trail()
