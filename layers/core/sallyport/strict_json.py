"""JSON without the latitude that parsers disagree about (RFC 8259; I-JSON, RFC 7493)."""

import json
from typing import Any, NoReturn


def loads(data: bytes) -> Any:
    """Parse UTF-8 JSON text.

    Refuses what other parsers read differently: a byte order mark, duplicate member names, NaN and Infinity, lone
    surrogates, nesting that exhausts the stack, integers of thousands of digits.

    Raises ValueError, without the data in it.
    """
    try:
        text = data.decode("utf-8")
        value = json.loads(text, object_pairs_hook=_distinct_names, parse_constant=_no_constant)
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode("utf-8")  # refuses lone surrogates
    except (ValueError, RecursionError):
        raise ValueError("not strict JSON") from None
    return value


def _distinct_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("duplicate name")
    return members


def _no_constant(_name: str) -> NoReturn:
    raise ValueError("not a JSON number")
