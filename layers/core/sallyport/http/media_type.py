"""What a `Content-Type` and a `Content-Encoding` say, as RFC 9110 writes them (s5.6, s8.3, s8.4)."""

import re

_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_PARAMETER = rf'({_WORD})=({_WORD}|"(?:[^"\\]|\\.)*+")'
# The white space is possessive: without that, every way to share it between two semicolons would be tried.
_MEDIA_TYPE = re.compile(rf"[ \t]*+({_WORD}/{_WORD})((?:[ \t]*+;[ \t]*+(?:{_PARAMETER})?)*)[ \t]*+", re.ASCII)
_EACH_PARAMETER = re.compile(_PARAMETER, re.ASCII)


def is_json_in_utf8(content_type: str) -> bool:
    """Tell whether a body is declared as JSON in UTF-8.

    RFC 8259 s11 defines no parameter, so unknown ones mean nothing (RFC 2045 s5.1). A charset is believed:
    one that is not UTF-8 announces a body that we could not read.
    """
    written = _MEDIA_TYPE.fullmatch(content_type)
    if written is None or written[1].lower() != "application/json":
        return False
    charsets = {_unquoted(value) for name, value in _EACH_PARAMETER.findall(written[2]) if name.lower() == "charset"}
    return charsets <= {"utf-8", "utf8"}


def is_unencoded(content_encoding: str) -> bool:
    """Tell whether a body is sent as it is."""
    return {coding.strip(" \t").lower() for coding in content_encoding.split(",")} <= {"", "identity"}


def _unquoted(value: str) -> str:
    if value.startswith('"'):
        value = re.sub(r"\\(.)", r"\1", value[1:-1])
    return value.lower()
