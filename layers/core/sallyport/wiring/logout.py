"""The logout function."""

from collections.abc import Mapping

from sallyport import settings
from sallyport.aws.api_gateway import HttpApiHandler
from sallyport.aws.clients import ON_LAMBDA, Clients
from sallyport.aws.dynamodb.revocations import Revocations
from sallyport.aws.dynamodb.sessions import Sessions
from sallyport.aws.telemetry import PowertoolsTelemetry
from sallyport.clock import Clock, system_clock
from sallyport.http.endpoints.logout import LogoutEndpoint
from sallyport.http.serve import Api, Endpoint
from sallyport.use_cases.logout import Logout
from sallyport.values import dataclass
from sallyport.wiring.parts import (
    access_verifier,
    cipher,
    front,
    private_keys,
    public_keys,
    refresh_verifier,
    revoking_writes,
    table,
)


@dataclass(frozen=True, kw_only=True)
class Settings(
    settings.Common,
    settings.Proxy,
    settings.PrivateKeys,
    settings.Browsers,
    access_verifier.Settings,
    refresh_verifier.Settings,
    revoking_writes.Settings,
):
    """The settings of logout."""


def build(environ: Mapping[str, str], clock: Clock = system_clock, clients: Clients = ON_LAMBDA) -> HttpApiHandler:
    config = settings.parse(Settings, environ)
    dynamodb = table.build(config, clients)
    published = public_keys.build(dynamodb, clock)
    refresh_keys = private_keys.build("refresh", dynamodb, cipher.build(config, clients), clock)
    logout = Logout(
        refresh_tokens=refresh_verifier.build(config, refresh_keys, published),
        access_tokens=access_verifier.build(config, published),
        sessions=Sessions(dynamodb),
        revocations=Revocations(dynamodb, revoking_writes.build(config, dynamodb)),
        clock=clock,
    )
    endpoints: dict[str, Endpoint] = {"POST /auth/logout": LogoutEndpoint(logout, config.allowed_origins)}
    telemetry = PowertoolsTelemetry("logout", config.log_level, stack=config.stack_name)
    return HttpApiHandler(Api(endpoints, telemetry, front.build(config)))
