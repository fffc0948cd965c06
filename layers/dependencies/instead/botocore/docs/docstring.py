"""In place of botocore's own, which imports what writes its reference documentation, for `help()` to show."""


def ClientMethodDocstring(**_: object) -> str:  # noqa: N802  # there it is a class
    """Return the documentation of a method: none, whatever botocore tells of it."""
    return ""


PaginatorDocstring = WaiterDocstring = ClientMethodDocstring
