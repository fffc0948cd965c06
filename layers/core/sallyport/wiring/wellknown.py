"""The function that publishes keys."""

from collections.abc import Mapping

from sallyport import settings
from sallyport.aws.api_gateway import HttpApiHandler
from sallyport.aws.clients import ON_LAMBDA, Clients
from sallyport.aws.telemetry import PowertoolsTelemetry
from sallyport.clock import Clock, system_clock
from sallyport.http.endpoints.wellknown import DiscoveryEndpoint, KeySetEndpoint
from sallyport.http.serve import Api, Endpoint, anyone
from sallyport.values import dataclass
from sallyport.wiring.parts import public_keys, table


@dataclass(frozen=True, kw_only=True)
class Settings(settings.Common):
    """The settings of wellknown."""


def build(environ: Mapping[str, str], clock: Clock = system_clock, clients: Clients = ON_LAMBDA) -> HttpApiHandler:
    config = settings.parse(Settings, environ)
    keys = public_keys.build(table.build(config, clients, seldom_writes=True), clock)
    endpoints: dict[str, Endpoint] = {
        "GET /.well-known/jwks.json": KeySetEndpoint(keys),
        "GET /.well-known/openid-configuration": DiscoveryEndpoint(keys),
    }
    telemetry = PowertoolsTelemetry("wellknown", config.log_level, stack=config.stack_name)
    return HttpApiHandler(Api(endpoints, telemetry, anyone))  # whoever verifies tokens may read these
