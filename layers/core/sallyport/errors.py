"""Every error that Sallyport raises on purpose.

SallyportError
├── RequestRefused            the request itself is wrong; nothing was read or written
│   ├── InvalidJson
│   ├── InvalidRequest        carries one FieldError for each field that is wrong
│   │   └── UnknownField
│   ├── PayloadTooLarge
│   ├── UnsupportedMediaType
│   ├── CsrfRejected          a browser sent a cookie along that no page of ours asked it to send
│   └── AmbiguousCredentials  more than one credential came, and we do not choose
├── AccessRefused             the credential does not open this door
│   ├── InvalidCredentials
│   ├── InvalidGrant          RFC 6749 s5.2
│   ├── InvalidToken          RFC 6750 s3.1
│   └── Superseded            the client holds a newer refresh token
├── Unavailable               infrastructure failed; nothing is half done, the same request may be sent again
│   └── AccessDenied          AWS refuses the call to this function's role
└── SettingsError             a function cannot start

`code` is the stable word that clients switch on; `aws/http.py` owns the table from code to status. `outcome` is the
word that is counted: the code, unless something more precise is known. `reason` and `trail` are for the log. No error
carries a token, a password or anything else that a user typed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from sallyport.trail import NO_TRAIL, Trail


class SallyportError(Exception):
    """The root of the tree."""

    code: ClassVar[str]

    def __init__(self, reason: str | None = None, *, outcome: str | None = None, trail: Trail = NO_TRAIL) -> None:
        self.reason = reason or self.code
        self.outcome = outcome or self.code
        self.trail = trail
        super().__init__(self.reason)


class RequestRefused(SallyportError):
    """The request does not have the form that the endpoint documents."""


class InvalidJson(RequestRefused):
    """The body is not one JSON object in UTF-8 with distinct names (RFC 8259, RFC 7493)."""

    code = "invalid_json"


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field, never what it held."""

    field: str
    code: str
    detail: str


class InvalidRequest(RequestRefused):
    """A field is missing, of the wrong type or out of its range."""

    code = "invalid_request"

    def __init__(self, errors: Sequence[FieldError]) -> None:
        self.errors = tuple(errors)
        super().__init__()


class UnknownField(InvalidRequest):
    """The body has a field that the endpoint does not know."""

    code = "unknown_field"


class PayloadTooLarge(RequestRefused):
    """The body is longer than 16 KB."""

    code = "payload_too_large"


class UnsupportedMediaType(RequestRefused):
    """The body is not declared as application/json in UTF-8."""

    code = "unsupported_media_type"


class CsrfRejected(RequestRefused):
    """A request with a cookie that does not prove that a page of ours sent it."""

    code = "csrf_rejected"


class AmbiguousCredentials(RequestRefused):
    """Two refresh cookies, or a cookie beside another credential."""

    code = "ambiguous_credentials"


class AccessRefused(SallyportError):
    """The credential was understood and does not open this door."""


class InvalidCredentials(AccessRefused):
    """The one answer for an unknown address, a wrong password and a disabled user."""

    code = "invalid_credentials"


class InvalidGrant(AccessRefused):
    """The refresh token is invalid, ended or revoked (RFC 6749 s5.2)."""

    code = "invalid_grant"


class InvalidToken(AccessRefused):
    """The token is malformed, expired, revoked or not ours (RFC 6750 s3.1)."""

    code = "invalid_token"


class Superseded(AccessRefused):
    """The refresh token was replaced a moment ago: the client holds a newer one and should use that."""

    code = "superseded"


class Unavailable(SallyportError):
    """Infrastructure failed. Whatever was asked is safe to ask again after `retry_after` seconds."""

    code = "service_unavailable"
    retry_after: ClassVar[int] = 1


class AccessDenied(Unavailable):
    """AWS refuses the call to this function's role. A role that is new may take some seconds to be known everywhere."""


class SettingsError(SallyportError):
    """The environment does not describe a working function. `problems` names every one of them."""

    code = "settings"

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(self.problems))
