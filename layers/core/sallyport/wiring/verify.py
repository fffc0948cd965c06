"""The function that other gateways ask."""

from collections.abc import Mapping

from sallyport import settings
from sallyport.aws.api_gateway import HttpApiHandler
from sallyport.aws.clients import ON_LAMBDA, Clients
from sallyport.aws.telemetry import PowertoolsTelemetry
from sallyport.clock import Clock, system_clock
from sallyport.http.endpoints.verify import ALLOWED, ROUTE, ROUTE_BELOW, VerifyEndpoint
from sallyport.http.serve import Api
from sallyport.tokens.remembered import RememberedTokens
from sallyport.use_cases.authorize import Authorize
from sallyport.values import dataclass
from sallyport.wiring.parts import access_verifier, front, public_keys, revocation_mode, table


@dataclass(frozen=True, kw_only=True)
class Settings(settings.Common, settings.Proxy, access_verifier.Settings, revocation_mode.Settings):
    """The settings of verify."""


def build(environ: Mapping[str, str], clock: Clock = system_clock, clients: Clients = ON_LAMBDA) -> HttpApiHandler:
    config = settings.parse(Settings, environ)
    dynamodb = table.build(config, clients, seldom_writes=True)
    authorize = Authorize(
        verifier=RememberedTokens(access_verifier.build(config, public_keys.build(dynamodb, clock))),
        mode=revocation_mode.build(config, dynamodb, clock, reads_roles=True),
        clock=clock,
    )
    verify = VerifyEndpoint(
        authorize=authorize,
        knows_roles=config.revocation_mode != "stateless",
        cache_seconds=revocation_mode.cache_seconds(config),
        clock=clock,
    )
    telemetry = PowertoolsTelemetry("verify", config.log_level, stack=config.stack_name, seldom=True)
    return HttpApiHandler(Api({ROUTE: verify, ROUTE_BELOW: verify}, telemetry, front.build(config), quiet=(ALLOWED,)))
