"""The refresh function."""

from collections.abc import Mapping
from dataclasses import dataclass

from sallyport import settings
from sallyport.aws import clients
from sallyport.aws.dynamodb.revocations import Revocations
from sallyport.aws.dynamodb.sessions import Sessions
from sallyport.aws.endpoints.refresh import refresh_endpoint
from sallyport.aws.http import LambdaHandler, serve
from sallyport.aws.reports import ReplayReports
from sallyport.aws.telemetry import PowertoolsTelemetry
from sallyport.clock import system_clock
from sallyport.sessions.refresh import Refreshed, refresh
from sallyport.sessions.session import Mode
from sallyport.wiring import issuing, storage, verification


@dataclass(frozen=True, kw_only=True)
class Settings(
    settings.Common,
    settings.Issuing,
    settings.TokenTimes,
    settings.Rotation,
    settings.PrivateKeys,
    settings.RevocationShards,
    settings.Browsers,
):
    """What refresh is told."""


def build(environ: Mapping[str, str]) -> LambdaHandler:
    told = settings.parse(Settings, environ)
    table = storage.open_table(told)
    names = verification.public_keys(table, system_clock)
    opener = issuing.cipher(told)
    access_keys = issuing.private_keys("access", table, opener, system_clock)
    refresh_keys = issuing.private_keys("refresh", table, opener, system_clock)
    verifier = issuing.refresh_verifier(told, names, refresh_keys, told)
    issuer = issuing.token_issuer(told, names, access_keys, refresh_keys)
    sessions = Sessions(table)
    revocations = Revocations(table, access_token_seconds=told.access_token_seconds, shards=told.revocation_shards)
    reports = ReplayReports(clients.events, told.stack_name)

    def exchange(token: str, mode: Mode) -> Refreshed:
        return refresh(
            verifier.verify(token, now=system_clock() // 1000),
            mode,
            sessions=sessions,
            revocations=revocations,
            reporter=reports,
            issuer=issuer,
            leeway_ms=told.refresh_leeway_seconds * 1000,
            idle_seconds=told.session_idle_seconds,
            clock=system_clock,
        )

    telemetry = PowertoolsTelemetry("refresh", told.log_level, stack=told.stack_name)
    return serve({"POST /auth/refresh": refresh_endpoint(exchange, told.allowed_origins)}, telemetry)
