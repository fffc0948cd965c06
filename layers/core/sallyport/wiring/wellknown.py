"""The function that publishes keys."""

from collections.abc import Mapping
from dataclasses import dataclass

from sallyport import settings
from sallyport.aws.api_gateway import LambdaHandler, lambda_handler
from sallyport.aws.telemetry import PowertoolsTelemetry
from sallyport.clock import Clock, system_clock
from sallyport.http.endpoints.wellknown import DiscoveryEndpoint, KeySetEndpoint
from sallyport.http.serve import Api, Endpoint
from sallyport.wiring import storage, verification


@dataclass(frozen=True, kw_only=True)
class Settings(settings.Common):
    """What wellknown is told."""


def build(environ: Mapping[str, str], clock: Clock = system_clock) -> LambdaHandler:
    told = settings.parse(Settings, environ)
    keys = verification.public_keys(storage.open_table(told), clock)
    endpoints: dict[str, Endpoint] = {
        "GET /.well-known/jwks.json": KeySetEndpoint(keys),
        "GET /.well-known/openid-configuration": DiscoveryEndpoint(keys),
    }
    return lambda_handler(Api(endpoints, PowertoolsTelemetry("wellknown", told.log_level, stack=told.stack_name)))
