"""The one canonical form of an e-mail address. It is a table key, so it may never change for an address in use.

Canonical is: the local part in ASCII, lower case; the domain as IDNA 2008 A-labels, lower case. So `Ann@EXAMPLE.com` is
`ann@example.com`, and `ann@bücher.example` is `ann@xn--bcher-kva.example`. Tags (`ann+shop@`) and dots stay: only the
mailbox's owner knows what they mean. White space around an address is taken away, because phone keyboards add it.
Refused: non-ASCII and quoted local parts, display names, address literals.
"""

from email_validator import EmailNotValidError, validate_email

MAX_TYPED_LENGTH = 320


class InvalidEmail(ValueError):
    """The text is not an address that Sallyport accepts. Carries nothing of it."""


def canonical(typed: str) -> str:
    """Bring a typed address into its canonical form. Idempotent; two addresses are the same account iff it is equal.

    Raises InvalidEmail.
    """
    bare = typed.strip()
    if len(bare) > MAX_TYPED_LENGTH or not bare.isprintable():
        raise InvalidEmail
    try:
        address = validate_email(bare, allow_smtputf8=False, check_deliverability=False, strict=True)
    except EmailNotValidError:
        raise InvalidEmail from None
    return f"{address.ascii_local_part}@{address.ascii_domain}".lower()
