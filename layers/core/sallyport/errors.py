"""Every error that a client may see, and those that stop a function.

SallyportError
├── RequestRefused            the request itself is wrong; nothing was read or written
│   ├── InvalidJson
│   ├── InvalidRequest        carries one FieldError for each field that is wrong
│   │   └── UnknownField
│   ├── PayloadTooLarge
│   ├── UnsupportedMediaType
│   ├── CsrfRejected          a cookie came without proof that an allowed page sent it
│   ├── OriginRejected        it did not come through the operator's proxy
│   └── AmbiguousCredentials  more than one credential came, and Sallyport does not choose
├── AccessRefused             the credential does not allow what was asked
│   ├── InvalidCredentials
│   ├── WrongPassword         the caller's own, for a change that asks for it
│   ├── ProofRejected         a link or code of a mail that opens nothing
│   ├── RegistrationClosed
│   ├── RoleMissing           the caller is known and has not every role that is asked for
│   ├── TooManyAttempts       carries after how many seconds the next one counts
│   ├── InvalidGrant          RFC 6749 s5.2
│   ├── InvalidToken          RFC 6750 s3.1
│   │   ├── TokenRejected     the token itself is no good; `fault` says what is wrong with it
│   │   │   └── TokenExpired
│   │   └── TokenDead         the token is authentic; what it stands for is gone, `why` says how
│   └── Superseded            the client holds a newer refresh token
├── Unavailable               infrastructure failed; the same request may be sent again
│   ├── ChangedMeanwhile      a user was changed by another request, again and again
│   ├── CallFailed            a call to AWS failed; carries the operation and AWS's word for the failure
│   │   └── AccessDenied      AWS refuses the call to this function's role
│   ├── KmsKeyUnusable        KMS seals nothing under the stack's key: it is off or gone, or its policy allows others
│   ├── BlocklistUnreadable   the list of common passwords is missing or damaged, so no new password can be judged
│   └── NoKeysPublished       there are no keys, as before the first deployment has ended
├── StaleRelease              a deployment would go on serving the old version (aws/release.py)
├── KeysSealedElsewhere       a key ring is sealed under another KMS key than the stack's
└── SettingsError             a function cannot start

Exceptions that never leave the code that expects them stand beside what raises them: RaceLost, ConditionFailed.

`code` is the stable word that clients switch on; `http/problem.py` owns the table from code to status. `outcome` is the
word that is counted: the code, unless something more precise is known. `reason` and `trail` are for the log, and
nothing decides by them. No error carries a token, a password or anything else that a user typed.
"""

from collections.abc import Sequence
from typing import ClassVar, Literal

from sallyport.trail import NO_TRAIL, Trail
from sallyport.values import dataclass

TokenFault = Literal[
    "authorization",  # there is not exactly one Authorization header with one Bearer token
    "caller",  # the authorizer did not say who calls
    "size",
    "form",
    "encoding",
    "header",
    "payload",
    "typ",
    "kid",
    "algorithm",
    "signature",
    "expired",
    "iss",
    "aud",
    "sub",
    "client_id",
    "iat",
    "exp",
    "nbf",
    "jti",
    "sid",
    "ver",
    "gen",
    "auth_time",
    "scope",
]
"""What is wrong with a token: its envelope, its signature, or the claim of this name."""

WhyDead = Literal["jti", "user", "session", "revoked", "ver", "expired"]
"""Why an authentic token opens nothing any more.

`jti`: this one was revoked. `user`: the user is disabled or gone. `session`: it is gone. `revoked`: it was revoked.
`ver`: the user's token version has been raised. `expired`: the session has ended.
"""

GrantOutcome = Literal["invalid_grant", "expired", "revoked", "forged", "replayed"]
"""How a refusal to refresh is counted."""


class SallyportError(Exception):
    """The root of the tree."""

    code: ClassVar[str]
    retry_after: int | None = None
    """After how many seconds the same request may be sent again, where that is known."""

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


class InvalidField(InvalidRequest):
    """The one thing that is wrong with the request has a word of its own, which clients switch on.

    Where several things are wrong the request is an InvalidRequest, and the words stand in its `errors`.
    """

    CODES = (
        "invalid_email",
        "password_too_short",
        "password_too_long",
        "password_common",
        "password_breached",
    )

    def __init__(self, error: FieldError) -> None:
        self.code = error.code  # type: ignore[misc]  # one class for five words
        super().__init__([error])


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


class OriginRejected(RequestRefused):
    """A request that did not come through the proxy in front of the API. `reason` never holds what came instead."""

    code = "origin_rejected"


class AmbiguousCredentials(RequestRefused):
    """Two refresh cookies, or a cookie beside another credential."""

    code = "ambiguous_credentials"


class AccessRefused(SallyportError):
    """The credential was understood and does not allow what was asked."""


class InvalidCredentials(AccessRefused):
    """The one answer for an unknown address, a wrong password and a disabled user."""

    code = "invalid_credentials"


class WrongPassword(AccessRefused):
    """The caller is known and their password is not this one."""

    code = "invalid_credentials"


class ProofRejected(AccessRefused):
    """The one answer for a link or code that is unknown, used, expired, exhausted, wrong or overtaken."""

    code = "invalid_token"


class RegistrationClosed(AccessRefused):
    """The operator lets nobody register."""

    code = "registration_closed"


class RoleMissing(AccessRefused):
    """The caller is known and has not every role that a gateway asks for."""

    code = "role_missing"


class TooManyAttempts(AccessRefused):
    """Someone has tried too often from one address. The next attempt counts after `retry_after` seconds."""

    code = "too_many_attempts"

    def __init__(self, retry_after: int) -> None:
        self.retry_after = retry_after
        super().__init__()


class InvalidGrant(AccessRefused):
    """The refresh token is invalid, ended or revoked (RFC 6749 s5.2)."""

    code = "invalid_grant"

    def __init__(
        self, reason: str | None = None, *, outcome: GrantOutcome = "invalid_grant", trail: Trail = NO_TRAIL
    ) -> None:
        super().__init__(reason, outcome=outcome, trail=trail)


class InvalidToken(AccessRefused):
    """The token is malformed, expired, revoked or not ours (RFC 6750 s3.1)."""

    code = "invalid_token"


class TokenRejected(InvalidToken):
    """The token itself is no good."""

    def __init__(self, fault: TokenFault) -> None:
        self.fault = fault
        super().__init__(fault)


class TokenExpired(TokenRejected):
    """The token was good until its `exp`."""

    def __init__(self) -> None:
        super().__init__("expired")


class TokenDead(InvalidToken):
    """The token is authentic, and revoked or outlived by what it stands for."""

    def __init__(self, why: WhyDead) -> None:
        self.why = why
        super().__init__(why)


class Superseded(AccessRefused):
    """The refresh token was replaced a moment ago: the client holds a newer one and should use that."""

    code = "superseded"


class Unavailable(SallyportError):
    """Infrastructure failed. The same request may be sent again after `retry_after` seconds."""

    code = "service_unavailable"
    retry_after = 1


class ChangedMeanwhile(Unavailable):
    """Other requests changed the user between our read and our write, again and again."""

    def __init__(self) -> None:
        super().__init__("contention")


class CallFailed(Unavailable):
    """A call to AWS failed.

    `operation` is its name ("GetItem"), "" where it did not get that far. `word` is the error code of AWS, or the name
    of botocore's exception.
    """

    def __init__(self, operation: str, word: str) -> None:
        self.operation = operation
        self.word = word
        super().__init__(f"{operation} {word}".lstrip())


class AccessDenied(CallFailed):
    """AWS refuses the call to this function's role. A role that is new may take some seconds to be known everywhere."""


class BlocklistUnreadable(Unavailable):
    """The list of common passwords is missing or damaged. No new password is taken without it."""

    def __init__(self, file: str, why: str) -> None:
        super().__init__(f"blocklist {file} is {why}")


class NoKeysPublished(Unavailable):
    """There are no keys, or no issuer beside them, as before the first deployment has ended."""

    def __init__(self) -> None:
        super().__init__("no_keys")


class KmsKeyUnusable(Unavailable):
    """KMS does not seal under the stack's key: it is disabled or gone, or its policy does not allow this role."""

    def __init__(self, key_id: str, failure: Unavailable) -> None:
        super().__init__(f"KMS does not seal under {key_id} ({failure.reason}): see docs/recovery.md")


class KeysSealedElsewhere(SallyportError):
    """Keys of a ring are sealed under another KMS key than the stack's, which cannot open them."""

    code = "keys_sealed_elsewhere"

    def __init__(self, use: str, kids: Sequence[str], sealed_under: Sequence[str]) -> None:
        super().__init__(
            f"the {use} keys {', '.join(kids)} are sealed under {', '.join(sealed_under)},"
            " which is not this stack's KMS key: docs/recovery.md says how to go on"
        )


class SettingsError(SallyportError):
    """The environment does not describe a working function. `problems` names every one of them."""

    code = "settings"

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(self.problems))
