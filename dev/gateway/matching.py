"""Which route a request takes: the most specific one, as at HTTP APIs, in whatever order the template has them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from dev.sam.template import ANY, DEFAULT, Route, Routes

METHODS_OF_ANY = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})

_PARAMETER = re.compile(r"\{([^{}/]+?)(\+?)\}")


@dataclass(frozen=True)
class Match:
    """A route, and the path's values for the route's parameters."""

    route: Route
    parameters: Mapping[str, str]


def best_match(routes: Routes, method: str, path: str) -> Match | None:
    """Find the route of a method and a decoded path: in full, then by a greedy parameter, then $default."""
    matching = [
        (_rank(template, asked), Match(route, parameters))
        for (asked, template), route in routes.items()
        if asked == method or (asked == ANY and method in METHODS_OF_ANY)
        if (parameters := _parameters(template, path)) is not None
    ]
    return min(matching, key=lambda ranked: ranked[0])[1] if matching else None


def fits(template: str, path: str) -> bool:
    """Return whether a path matches a route's path."""
    return _parameters(template, path) is not None


def _rank(template: str, method: str) -> tuple[bool, bool, list[bool], bool]:
    """Order routes, the most specific first: of two templates that fit, the first segment that differs decides."""
    is_parameter = [segment.startswith("{") for segment in template.split("/")]
    return template == DEFAULT, "+}" in template, is_parameter, method == ANY


def _parameters(template: str, path: str) -> Mapping[str, str] | None:
    if template == DEFAULT:
        return {}
    found = _pattern(template).fullmatch(path)
    return found and dict(zip(_names(template), found.groups(), strict=True))


@cache
def _pattern(template: str) -> re.Pattern[str]:
    """Turn {name} into one segment that is not empty, {name+} into all the rest that is not empty."""
    literals = _PARAMETER.split(template)
    parts = [re.escape(literals[0])]
    for plus, literal in zip(literals[2::3], literals[3::3], strict=True):
        parts += ["(.+)" if plus else "([^/]+)", re.escape(literal)]
    return re.compile("".join(parts), re.DOTALL)


def _names(template: str) -> list[str]:
    return [name for name, _ in _PARAMETER.findall(template)]
