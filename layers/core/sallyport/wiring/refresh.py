"""The refresh function."""

from collections.abc import Mapping
from dataclasses import dataclass

from sallyport import settings
from sallyport.aws import clients
from sallyport.aws.api_gateway import LambdaHandler, lambda_handler
from sallyport.aws.dynamodb.revocations import Revocations
from sallyport.aws.dynamodb.sessions import Sessions
from sallyport.aws.reports import ReplayReports
from sallyport.aws.telemetry import PowertoolsTelemetry
from sallyport.clock import Clock, system_clock
from sallyport.http.endpoints.refresh import RefreshEndpoint
from sallyport.http.serve import Api, Endpoint
from sallyport.use_cases.refresh import Refresh
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


def build(environ: Mapping[str, str], clock: Clock = system_clock) -> LambdaHandler:
    told = settings.parse(Settings, environ)
    table = storage.open_table(told)
    names = verification.public_keys(table, clock)
    cipher = issuing.cipher(told)
    access_keys = issuing.private_keys("access", table, cipher, clock)
    refresh_keys = issuing.private_keys("refresh", table, cipher, clock)
    refresh = Refresh(
        verifier=issuing.refresh_verifier(told, names, refresh_keys, told),
        sessions=Sessions(table),
        revocations=Revocations(table, storage.revoking_writes(told, table)),
        reporter=ReplayReports(clients.events, told.stack_name),
        issuer=issuing.token_issuer(told, names, access_keys, refresh_keys),
        leeway_ms=told.refresh_leeway_seconds * 1000,
        idle_seconds=told.session_idle_seconds,
        clock=clock,
    )
    endpoints: dict[str, Endpoint] = {"POST /auth/refresh": RefreshEndpoint(refresh, told.allowed_origins)}
    return lambda_handler(Api(endpoints, PowertoolsTelemetry("refresh", told.log_level, stack=told.stack_name)))
