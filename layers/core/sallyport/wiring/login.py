"""The login function."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from sallyport import settings
from sallyport.accounts.password import NormalPassword, Passwords
from sallyport.aws.dynamodb.revocations import Revocations
from sallyport.aws.dynamodb.sessions import Sessions
from sallyport.aws.dynamodb.users import Users
from sallyport.aws.endpoints.login import login_endpoint
from sallyport.aws.http import LambdaHandler, serve
from sallyport.aws.telemetry import PowertoolsTelemetry
from sallyport.clock import system_clock
from sallyport.errors import InvalidToken
from sallyport.sessions.login import Device, Lifetimes, LoggedIn, login
from sallyport.sessions.session import Mode
from sallyport.tokens.refresh import RefreshToken, RefreshTokenVerifier
from sallyport.wiring import issuing, storage, verification


@dataclass(frozen=True, kw_only=True)
class Settings(
    settings.Common,
    settings.Issuing,
    settings.TokenTimes,
    settings.SessionUse,
    settings.PrivateKeys,
    settings.RevocationShards,
    settings.Browsers,
):
    """What login is told."""


def build(environ: Mapping[str, str]) -> LambdaHandler:
    told = settings.parse(Settings, environ)
    table = storage.open_table(told)
    names = verification.public_keys(table, system_clock)
    opener = issuing.cipher(told)
    access = issuing.private_keys("access", table, opener, system_clock)
    refresh = issuing.private_keys("refresh", table, opener, system_clock)
    verifier = issuing.refresh_verifier(told, names, refresh, told)
    open_session = partial(
        login,
        accounts=Users(table),
        sessions=Sessions(table),
        revocations=Revocations(table, access_token_seconds=told.access_token_seconds, shards=told.revocation_shards),
        passwords=Passwords(),
        issuer=issuing.token_issuer(told, names, access, refresh),
        life=Lifetimes(absolute=told.session_seconds, idle=told.session_idle_seconds),
        clock=system_clock,
    )

    def log_in(email: str, password: NormalPassword, device: Device, *, mode: Mode, older: list[str]) -> LoggedIn:
        return open_session(email, password, device, mode=mode, older=list(_authentic(older, verifier)))

    telemetry = PowertoolsTelemetry("login", told.log_level, stack=told.stack_name)
    return serve({"POST /auth/login": login_endpoint(log_in, told.allowed_origins)}, telemetry)


def _authentic(unverified_tokens: list[str], verifier: RefreshTokenVerifier) -> Iterator[RefreshToken]:
    for token in unverified_tokens:
        with suppress(InvalidToken):
            yield verifier.verify(token, now=system_clock() // 1000)
