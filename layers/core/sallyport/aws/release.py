"""The guard against a stale release (docs/decisions/0004-releases.md)."""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Protocol

from sallyport.errors import SallyportError
from sallyport.values import dataclass


class StaleRelease(SallyportError):
    """Something that functions run with has changed, and no new version of them would be published."""

    code = "stale_release"

    def __init__(self) -> None:
        super().__init__(
            "functions would go on running their old version: give the parameter Release another value,"
            " as `make deploy` does"
        )


@dataclass(frozen=True, slots=True)
class Release:
    """The word of a release, and a digest of all that its functions run with."""

    word: str
    runs_with: str

    @classmethod
    def described_by(cls, properties: Mapping[str, Any]) -> "Release":
        described = json.dumps(dict(properties), sort_keys=True).encode()
        return cls(str(properties.get("Release", "")), sha256(described).hexdigest())


class ReleaseStore(Protocol):
    """Remembers the release that was accepted last."""

    def last(self) -> Release | None: ...

    def accept(self, release: Release) -> None: ...


def is_accepted(properties: Mapping[str, Any], releases: ReleaseStore) -> bool:
    """Return whether this is the release that was accepted last."""
    return releases.last() == Release.described_by(properties)


def accept(properties: Mapping[str, Any], releases: ReleaseStore, *, is_new: bool) -> None:
    """Accept a release, or raise StaleRelease if its word is the last one's and something else is not.

    A new stack has no old versions, whatever an earlier one has left in its table. A release is compared with what was
    accepted, not with CloudFormation's old properties: after a refusal CloudFormation rolls back by the same update in
    the other direction, which must succeed.
    """
    release, last = Release.described_by(properties), releases.last()
    if not is_new and last is not None and last.word == release.word and last != release:
        raise StaleRelease
    releases.accept(release)
