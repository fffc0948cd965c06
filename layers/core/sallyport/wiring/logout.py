"""The logout function."""

from collections.abc import Mapping
from dataclasses import dataclass

from sallyport import settings
from sallyport.aws.api_gateway import LambdaHandler, lambda_handler
from sallyport.aws.dynamodb.revocations import Revocations
from sallyport.aws.dynamodb.sessions import Sessions
from sallyport.aws.telemetry import PowertoolsTelemetry
from sallyport.clock import Clock, system_clock
from sallyport.http.endpoints.logout import LogoutEndpoint
from sallyport.http.serve import Api, Endpoint
from sallyport.use_cases.logout import Logout
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


def build(environ: Mapping[str, str], clock: Clock = system_clock) -> LambdaHandler:
    told = settings.parse(Settings, environ)
    table = storage.open_table(told)
    names = verification.public_keys(table, clock)
    refresh_keys = issuing.private_keys("refresh", table, issuing.cipher(told), clock)
    logout = Logout(
        refresh_tokens=issuing.refresh_verifier(told, names, refresh_keys, told),
        access_tokens=verification.access_verifier(told, names, told),
        sessions=Sessions(table),
        revocations=Revocations(table, storage.revoking_writes(told, table)),
        clock=clock,
    )
    endpoints: dict[str, Endpoint] = {"POST /auth/logout": LogoutEndpoint(logout, told.allowed_origins)}
    return lambda_handler(Api(endpoints, PowertoolsTelemetry("logout", told.log_level, stack=told.stack_name)))
