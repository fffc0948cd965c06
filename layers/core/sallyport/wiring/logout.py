"""The logout function."""

from collections.abc import Mapping
from dataclasses import dataclass

from sallyport import settings
from sallyport.aws.dynamodb.revocations import Revocations
from sallyport.aws.dynamodb.sessions import Sessions
from sallyport.aws.endpoints.logout import logout_endpoint
from sallyport.aws.http import LambdaHandler, serve
from sallyport.aws.telemetry import PowertoolsTelemetry
from sallyport.clock import system_clock
from sallyport.sessions.logout import Credential, logout
from sallyport.sessions.session import Mode
from sallyport.tokens.access import AccessToken
from sallyport.tokens.refresh import RefreshToken
from sallyport.wiring import issuing, storage, verification


@dataclass(frozen=True, kw_only=True)
class Settings(
    settings.Common,
    settings.AccessTokens,
    settings.TokenTimes,
    settings.SessionLife,
    settings.PrivateKeys,
    settings.RevocationShards,
    settings.Browsers,
):
    """What logout is told."""


def build(environ: Mapping[str, str]) -> LambdaHandler:
    told = settings.parse(Settings, environ)
    table = storage.open_table(told)
    names = verification.public_keys(table, system_clock)
    refresh_keys = issuing.private_keys("refresh", table, issuing.cipher(told), system_clock)
    refresh_verifier = issuing.refresh_verifier(told, names, refresh_keys, told)
    access_verifier = verification.access_verifier(told, names, told)
    sessions = Sessions(table)
    revocations = Revocations(table, access_token_seconds=told.access_token_seconds, shards=told.revocation_shards)

    def verify_refresh(token: str) -> RefreshToken:
        return refresh_verifier.verify(token, now=system_clock() // 1000)

    def verify_access(token: str) -> AccessToken:
        return access_verifier.verify(token, now=system_clock() // 1000)

    def log_out(credential: Credential, mode: Mode | None, *, everywhere: bool) -> str:
        return logout(
            credential,
            mode,
            everywhere=everywhere,
            sessions=sessions,
            revocations=revocations,
            clock=system_clock,
        )

    endpoint = logout_endpoint(
        verify_refresh=verify_refresh,
        verify_access=verify_access,
        logout=log_out,
        allowed_origins=told.allowed_origins,
    )
    return serve({"POST /auth/logout": endpoint}, PowertoolsTelemetry("logout", told.log_level, stack=told.stack_name))
