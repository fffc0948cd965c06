"""The authorizer."""

from collections.abc import Mapping

from sallyport import settings
from sallyport.aws.authorizer.handler import Authorizer
from sallyport.aws.clients import ON_LAMBDA, Clients
from sallyport.aws.telemetry import PowertoolsTelemetry
from sallyport.clock import Clock, system_clock
from sallyport.tokens.remembered import RememberedTokens
from sallyport.use_cases.authorize import Authorize
from sallyport.values import dataclass
from sallyport.wiring.parts import access_verifier, public_keys, revocation_mode, table


@dataclass(frozen=True, kw_only=True)
class Settings(
    settings.Common, settings.Denials, settings.ContextRoles, access_verifier.Settings, revocation_mode.Settings
):
    """The settings of the authorizer."""


def build(environ: Mapping[str, str], clock: Clock = system_clock, clients: Clients = ON_LAMBDA) -> Authorizer:
    config = settings.parse(Settings, environ)
    dynamodb = table.build(config, clients, seldom_writes=True)
    authorize = Authorize(
        verifier=RememberedTokens(access_verifier.build(config, public_keys.build(dynamodb, clock))),
        mode=revocation_mode.build(config, dynamodb, clock, reads_roles=config.context_roles),
        clock=clock,
    )
    return Authorizer(
        authorize=authorize,
        telemetry=PowertoolsTelemetry("authorizer", config.log_level, stack=config.stack_name, seldom=True),
        raises_unauthorized=config.unauthorized_as == "raise",
    )
