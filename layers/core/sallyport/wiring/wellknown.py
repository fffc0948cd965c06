"""The function that publishes keys."""

from collections.abc import Mapping
from dataclasses import dataclass

from sallyport import settings
from sallyport.aws.endpoints.wellknown import discovery_endpoint, jwks_endpoint
from sallyport.aws.http import LambdaHandler, serve
from sallyport.aws.telemetry import PowertoolsTelemetry
from sallyport.clock import system_clock
from sallyport.wiring import storage, verification


@dataclass(frozen=True, kw_only=True)
class Settings(settings.Common):
    """What wellknown is told."""


def build(environ: Mapping[str, str]) -> LambdaHandler:
    told = settings.parse(Settings, environ)
    keys = verification.public_keys(storage.open_table(told), system_clock)
    return serve(
        {
            "GET /.well-known/jwks.json": jwks_endpoint(keys),
            "GET /.well-known/openid-configuration": discovery_endpoint(keys),
        },
        PowertoolsTelemetry("wellknown", told.log_level, stack=told.stack_name),
    )
