"""How values that others chose are shown in a mail: as one harmless line."""

import ipaddress
import re
import unicodedata

MAX_DEVICE_LENGTH = 160
"""The user agents of today's browsers have up to 150 characters."""

# Mail programs make links of web addresses, and of names like `example.com`, wherever they stand.
_LINK = re.compile(r"\w+://\S*|\b(?:[a-z0-9-]+\.)+[a-z]{2,}\b(?:[:/]\S*)?", re.IGNORECASE)


def one_line(text: str) -> str:
    """Return the text without control, format and unassigned characters, its white space as single spaces."""
    return " ".join("".join(_harmless(character) for character in text).split())


def device(user_agent: str) -> str:
    """Return a user agent to be read by people: one line of ASCII without anything that could become a link.

    Whoever made the request chose it, and the mail bears the service's name.
    """
    ascii_only = one_line(user_agent).encode("ascii", "replace").decode()
    line = _LINK.sub("...", ascii_only[: 4 * MAX_DEVICE_LENGTH])
    return line if len(line) <= MAX_DEVICE_LENGTH else f"{line[:MAX_DEVICE_LENGTH].rstrip()}..."


def address(ip: str) -> str:
    """Return an IP address as it is usually written, or nothing for what is none."""
    try:
        return str(ipaddress.ip_address(ip))
    except ValueError:
        return ""


def code(digits: str) -> str:
    """Return a code in groups of four, as people read it out: `1234 5678`."""
    return " ".join(re.findall(r".{1,4}", digits))


def _harmless(character: str) -> str:
    if character.isspace():
        return " "
    return "" if unicodedata.category(character).startswith("C") else character
