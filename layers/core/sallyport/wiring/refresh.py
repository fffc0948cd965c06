"""The refresh function."""

from collections.abc import Mapping

from sallyport import settings
from sallyport.aws.api_gateway import HttpApiHandler
from sallyport.aws.clients import ON_LAMBDA, Clients
from sallyport.aws.dynamodb.revocations import Revocations
from sallyport.aws.dynamodb.sessions import Sessions
from sallyport.aws.telemetry import PowertoolsTelemetry
from sallyport.clock import Clock, system_clock
from sallyport.http.endpoints.refresh import RefreshEndpoint
from sallyport.http.serve import Api, Endpoint
from sallyport.use_cases.refresh import Refresh
from sallyport.values import dataclass
from sallyport.wiring.parts import (
    cipher,
    front,
    private_keys,
    public_keys,
    refresh_verifier,
    revoking_writes,
    table,
    token_issuer,
)


@dataclass(frozen=True, kw_only=True)
class Settings(
    settings.Common,
    settings.Proxy,
    settings.Issuing,
    settings.Rotation,
    settings.PrivateKeys,
    settings.Browsers,
    refresh_verifier.Settings,
    revoking_writes.Settings,
):
    """The settings of refresh."""


def build(environ: Mapping[str, str], clock: Clock = system_clock, clients: Clients = ON_LAMBDA) -> HttpApiHandler:
    config = settings.parse(Settings, environ)
    dynamodb = table.build(config, clients)
    kms = cipher.build(config, clients)
    published = public_keys.build(dynamodb, clock)
    access_keys = private_keys.build("access", dynamodb, kms, clock)
    refresh_keys = private_keys.build("refresh", dynamodb, kms, clock)
    refresh = Refresh(
        verifier=refresh_verifier.build(config, refresh_keys, published),
        sessions=Sessions(dynamodb),
        revocations=Revocations(dynamodb, revoking_writes.build(config, dynamodb)),
        issuer=token_issuer.build(config, published, access_keys, refresh_keys),
        leeway_ms=config.refresh_leeway_seconds * 1000,
        idle_seconds=config.session_idle_seconds,
        clock=clock,
    )
    endpoints: dict[str, Endpoint] = {"POST /auth/refresh": RefreshEndpoint(refresh, config.allowed_origins)}
    telemetry = PowertoolsTelemetry("refresh", config.log_level, stack=config.stack_name)
    return HttpApiHandler(Api(endpoints, telemetry, front.build(config)))
