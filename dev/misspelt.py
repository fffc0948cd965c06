"""Environment variables that were perhaps meant to be settings."""

import dataclasses
from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches

from dev.aws.deployment import CREATED_HERE
from sallyport.gateway_settings import Domain
from sallyport.wiring.setup import EverySetting

_ONLY_ON_AWS = {field.name.upper() for field in dataclasses.fields(Domain)}

SETTINGS = frozenset(field.name.upper() for field in dataclasses.fields(EverySetting)) - CREATED_HERE - _ONLY_ON_AWS
"""What `make dev` lets an environment variable of the same name override."""

# How like two names are: REVOCATION_MODUS and REVOCATION_MODE 0.90; MY_LOG_LEVEL, which is no slip, and LOG_LEVEL 0.86.
_SIMILAR = 0.88
_OF_OTHERS = ("AWS_", "POWERTOOLS_", "npm_")


def warnings(environ: Mapping[str, str], *, known: Collection[str] = ()) -> Iterator[str]:
    """Yield a line for each variable that sets nothing, but has nearly the name of a setting.

    `known` are further names that mean something here. Settings that are set themselves are not suggested.
    """
    sought = SETTINGS - environ.keys()
    for name in sorted(environ.keys() - SETTINGS - set(known)):
        if not name.startswith(_OF_OTHERS):
            for meant in get_close_matches(name.upper(), sorted(sought), n=1, cutoff=_SIMILAR):
                yield f"{name} is no setting and is ignored. Did you mean {meant}?"
