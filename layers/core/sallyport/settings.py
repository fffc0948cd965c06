"""Settings from environment variables.

A setting's variable is its field's name in capitals. Each wiring module combines the groups that its function uses into
one class; `parse` reads them once and reports every problem together. An empty variable counts as absent, because that
is what an empty template parameter becomes. Patterns are compiled by the functions that read with them, not by all.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, TypeAlias, TypeVar
from urllib.parse import urlsplit

from sallyport.errors import SettingsError
from sallyport.identifiers import MACHINE_PREFIX
from sallyport.values import dataclass, field, fields

_Settings = TypeVar("_Settings")


def parse(cls: type[_Settings], environ: Mapping[str, str]) -> _Settings:
    """Build `cls` from `environ`. Raises SettingsError, which names every variable that is missing or wrong."""
    values: dict[str, Any] = {}
    problems: list[str] = []
    for each in fields(cls):  # type: ignore[arg-type]  # every group is a dataclass
        name = each.name.upper()
        try:
            raw = environ.get(name, "") or each.metadata["default"]
            values[each.name] = None if raw is None else each.metadata["read"](raw)
        except ValueError as problem:
            problems.append(f"{name} {problem}")
    if problems:
        raise SettingsError(problems)
    parsed = cls(**values)
    # Each group of the class has a rule of its own, where it has one; as a method it would hide those of the others.
    rules = [vars(group)["contradictions"] for group in cls.__mro__ if "contradictions" in vars(group)]
    contradictions = [problem for rule in rules for problem in rule(parsed)]
    if contradictions:
        raise SettingsError(contradictions)
    return parsed


def setting(read: Callable[[str], object], default: str | None, *, is_secret: bool = False) -> Any:
    return field(repr=not is_secret, metadata={"read": read, "default": default})


def _text(default: str = "") -> Any:
    def read(raw: str) -> str:
        if not raw:
            raise ValueError("is missing")
        return raw

    return setting(read, default)


def _audience() -> Any:
    def read(raw: str) -> str:
        if raw.startswith(MACHINE_PREFIX):
            raise ValueError(f"must not begin with {MACHINE_PREFIX}: that is kept for machines")
        return raw

    return setting(read, "sallyport")


def _integer(default: int, *, at_least: int, at_most: int) -> Any:
    def read(raw: str) -> int:
        if not re.fullmatch(r"[0-9]{1,10}", raw, re.ASCII) or not at_least <= int(raw) <= at_most:
            raise ValueError(f"must be a whole number from {at_least} to {at_most}")
        return int(raw)

    return setting(read, str(default))


def choice(default: str, *others: str) -> Any:
    def read(raw: str) -> str:
        if raw not in (default, *others):
            raise ValueError(f"must be one of {', '.join((default, *others))}")
        return raw

    return setting(read, default)


def _url(*, is_required: bool = False) -> Any:
    def read(raw: str) -> str:
        if not raw:
            raise ValueError("is missing")
        parts = urlsplit(raw)
        if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
            raise ValueError("must be an http(s) URL without query or fragment")
        return raw.rstrip("/")

    return setting(read, "" if is_required else None)


def _address() -> Any:
    def read(raw: str) -> str:
        if len(raw) > _LONGEST_ADDRESS or not re.fullmatch(_ADDRESS, raw, re.ASCII):
            raise ValueError("must be an e-mail address such as no-reply@example.com")
        return raw

    return setting(read, "")


_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?"
_ADDRESS = rf"{_ATOM}([.]{_ATOM})*@{_LABEL}([.]{_LABEL})+"  # RFC 5321 s4.1.2, Dot-string
_LONGEST_ADDRESS = 254


def _language() -> Any:
    def read(raw: str) -> str:
        if not re.fullmatch(r"[a-z]{2,3}(-[A-Z]{2})?", raw, re.ASCII):
            raise ValueError("must be a language such as en or pt-BR")
        return raw

    return setting(read, "en")


_ORIGIN = r"https?://[a-z0-9.-]+(:[0-9]{1,5})?"  # as browsers write it (RFC 6454 s6.2)


def _origins() -> Any:
    def read(raw: str) -> tuple[str, ...]:
        origins = tuple(origin.strip() for origin in raw.split(",") if origin)
        if not all(re.fullmatch(_ORIGIN, origin, re.ASCII) for origin in origins):
            raise ValueError("must be origins (https://app.example.com), separated by commas")
        return origins

    return setting(read, "")


_HEADER = r"[A-Za-z][A-Za-z0-9-]{0,63}"
_NO_PROXYS = ("x-forwarded-for", "forwarded", "x-sallyport-origin")  # the first two hold what any client sends


def _address_header() -> Any:
    def read(raw: str) -> str | None:
        if not raw:
            return None
        if not re.fullmatch(_HEADER, raw, re.ASCII) or raw.lower() in _NO_PROXYS:
            raise ValueError(
                "must be the name of a header that your proxy sets, such as CloudFront-Viewer-Address,"
                f" and none of {', '.join(_NO_PROXYS)}"
            )
        return raw.lower()

    return setting(read, "")


_LONG_ENOUGH = r"[A-Za-z0-9._~-]{32,128}"
_LEAST_DISTINCT = 8  # 32 random hexadecimal digits have fewer in one case of 28 million


def _origin_secrets() -> Any:
    def read(raw: str) -> tuple[str, ...]:
        secrets = tuple(raw.split(",")) if raw else ()
        if len(secrets) > 2 or not all(re.fullmatch(_LONG_ENOUGH, secret, re.ASCII) for secret in secrets):
            raise ValueError(
                "must be one secret, or two with a comma between them, each of 32 to 128 letters, digits and ._~-"
            )
        if not all(_looks_random(secret) for secret in secrets):
            raise ValueError("must be random: `openssl rand -hex 32` makes one")
        return secrets

    return setting(read, "", is_secret=True)


def _looks_random(secret: str) -> bool:
    """Return False for what is plainly made by hand: few different characters, or one piece again and again."""
    repeats = secret in (secret + secret)[1:-1]
    return len(set(secret)) >= _LEAST_DISTINCT and not repeats


def _flag(default: str = "false") -> Any:
    def read(raw: str) -> bool:
        if raw not in ("true", "false"):
            raise ValueError("must be one of true, false")
        return raw == "true"

    return setting(read, default)


RevocationMode: TypeAlias = Literal["bounded", "strict", "stateless"]
AccessAlgorithm: TypeAlias = Literal["RS256", "ES256"]
_DAY = 86_400

MAX_ACCESS_TOKEN_SECONDS = 3600
"""No access token lives longer, whatever the settings."""


@dataclass(frozen=True, kw_only=True)
class Common:
    """What every function needs."""

    stack_name: str = _text("sallyport")
    table_name: str = _text()
    dynamodb_endpoint_url: str | None = _url()
    log_level: str = choice("INFO", "DEBUG", "WARNING", "ERROR")


@dataclass(frozen=True, kw_only=True)
class TokenTimes:
    """How strictly the times inside a token are read."""

    clock_leeway_seconds: int = _integer(30, at_least=0, at_most=120)
    tokens_not_before: int = _integer(0, at_least=0, at_most=9_999_999_999)


@dataclass(frozen=True, kw_only=True)
class AccessTokenLife:
    """How long access tokens live."""

    access_token_seconds: int = _integer(600, at_least=60, at_most=MAX_ACCESS_TOKEN_SECONDS)


@dataclass(frozen=True, kw_only=True)
class AccessTokens(AccessTokenLife):
    """The audience of access tokens."""

    audience: str = _audience()


@dataclass(frozen=True, kw_only=True)
class Issuing(AccessTokens):
    """What else an access token says."""

    client_id: str = _text("sallyport")


@dataclass(frozen=True, kw_only=True)
class SessionLife:
    """How long a session lives at the most."""

    session_seconds: int = _integer(30 * _DAY, at_least=60, at_most=400 * _DAY)


@dataclass(frozen=True, kw_only=True)
class SessionUse(SessionLife):
    """How long a session lives without being used."""

    session_idle_seconds: int = _integer(30 * _DAY, at_least=60, at_most=400 * _DAY)


@dataclass(frozen=True, kw_only=True)
class Rotation(SessionUse):
    """How a refresh token rotates."""

    refresh_leeway_seconds: int = _integer(60, at_least=1, at_most=3600)

    def contradictions(self) -> Iterator[str]:
        """Within the leeway a session is not extended, so an active one must outlast it with room to spare."""
        if min(self.session_idle_seconds, self.session_seconds) < 2 * self.refresh_leeway_seconds:
            yield "SESSION_SECONDS and SESSION_IDLE_SECONDS must be at least twice REFRESH_LEEWAY_SECONDS"


@dataclass(frozen=True, kw_only=True)
class Browsers:
    """Which pages may use cookie mode."""

    allowed_origins: tuple[str, ...] = _origins()


@dataclass(frozen=True, kw_only=True)
class Revocation:
    """How a revocation reaches the authorizer."""

    revocation_mode: RevocationMode = choice("bounded", "strict", "stateless")
    revocation_poll_seconds: int = _integer(5, at_least=1, at_most=30)
    revocation_max_staleness_seconds: int = _integer(60, at_least=60, at_most=600)


@dataclass(frozen=True, kw_only=True)
class ContextRoles:
    """Whether the authorizer reads the caller's roles in `bounded`."""

    context_roles: bool = _flag()


@dataclass(frozen=True, kw_only=True)
class Denials:
    """How the authorizer refuses a bad token: 403, or 401 where the gateway allows it."""

    unauthorized_as: Literal["deny", "raise"] = choice("deny", "raise")


@dataclass(frozen=True, kw_only=True)
class RevocationShards:
    """Over how many partitions revocation entries are spread."""

    revocation_shards: int = _integer(1, at_least=1, at_most=64)


@dataclass(frozen=True, kw_only=True)
class Audit:
    """For how long the audit trail is kept."""

    audit_days: int = _integer(400, at_least=1, at_most=3650)


@dataclass(frozen=True, kw_only=True)
class PrivateKeys:
    """Where private keys are encrypted and decrypted."""

    kms_key_id: str = _text()


@dataclass(frozen=True, kw_only=True)
class KeyMaking(PrivateKeys):
    """Which keys are made, and in whose name."""

    issuer: str | None = _url()
    signing_algorithm: AccessAlgorithm = choice("RS256", "ES256")


@dataclass(frozen=True, kw_only=True)
class MailLanguage:
    """The language of mails."""

    mail_language: str = _language()


@dataclass(frozen=True, kw_only=True)
class MailRequests(MailLanguage):
    """Where mail requests and notices wait."""

    mail_queue_url: str = _url(is_required=True)


@dataclass(frozen=True, kw_only=True)
class Registration:
    """Whether strangers may register."""

    registration_open: bool = _flag("true")


@dataclass(frozen=True, kw_only=True)
class Service:
    """What the service is called."""

    service_name: str = _text("Sallyport")


@dataclass(frozen=True, kw_only=True)
class NewPasswords(Service):
    """What a new password must be."""

    password_min_length: int = _integer(15, at_least=8, at_most=64)
    password_breach_check: bool = _flag()


@dataclass(frozen=True, kw_only=True)
class Attempts:
    """How often one client may try to prove something, before one more try a second."""

    address_attempt_limit: int = _integer(500, at_least=1, at_most=1_000_000)


@dataclass(frozen=True, kw_only=True)
class Logins(Attempts):
    """How often one account may log in, before one more login every half a minute."""

    account_login_limit: int = _integer(20, at_least=1, at_most=10_000)


@dataclass(frozen=True, kw_only=True)
class Proxy:
    """The proxy in front of the API: the header with the viewer's address, and what proves that the proxy sent it."""

    trusted_address_header: str | None = _address_header()
    origin_secret: tuple[str, ...] = _origin_secrets()

    def contradictions(self) -> Iterator[str]:
        """Without the secret anybody could choose an address; without the header all would have the proxy's."""
        if (self.trusted_address_header is None) != (not self.origin_secret):
            yield "TRUSTED_ADDRESS_HEADER and ORIGIN_SECRET must be set together, or neither of them"


@dataclass(frozen=True, kw_only=True)
class MailCodes:
    """For which mails a code is taken beside the link: all of them, or none that resets a password."""

    mail_codes: Literal["all", "verify"] = choice("all", "verify")


@dataclass(frozen=True, kw_only=True)
class Mailing(Service, MailCodes):
    """What mails say, and in whose name."""

    app_url: str = _url(is_required=True)
    mail_from: str = _address()
    mail_configuration_set: str = _text()
