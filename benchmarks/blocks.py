"""Tables that a page shows between two comments: `<!-- {mark} -->` and `<!-- until here -->`."""

import re


def shown(page: str, mark: str) -> str:
    """Return what a page shows at a mark. Raises ValueError unless the mark is there, once."""
    (found,) = _between(mark).findall(page)
    return str(found)


def put(page: str, mark: str, text: str) -> str:
    """Return the page with other text at a mark."""
    return _between(mark).sub(lambda _: text, page)


def _between(mark: str) -> re.Pattern[str]:
    return re.compile(rf"(?<=<!-- {re.escape(mark)} -->\n\n).*?(?=\n\n<!-- until here -->)", re.DOTALL)
