"""The function that a deployment runs: it checks what is deployed, and makes the first keys and the decoys."""

from collections.abc import Mapping

from sallyport import gateway_settings, settings
from sallyport.accounts.hashing import Passwords
from sallyport.aws.clients import ON_LAMBDA, Clients
from sallyport.aws.dynamodb.decoys import Decoys
from sallyport.aws.dynamodb.releases import Releases
from sallyport.aws.setup_events import SetupEvents
from sallyport.aws.telemetry import PowertoolsTelemetry
from sallyport.clock import Clock, system_clock
from sallyport.use_cases.keep_decoys import KeepDecoys
from sallyport.values import dataclass
from sallyport.wiring.parts import cipher, key_keeper, table
from sallyport.wiring.parts.key_keeper import Settings


@dataclass(frozen=True, kw_only=True)
class EverySetting(
    settings.Common,
    settings.Issuing,
    settings.TokenTimes,
    settings.Rotation,
    settings.Browsers,
    gateway_settings.PageHeaders,
    gateway_settings.Domain,
    settings.Revocation,
    settings.ContextRoles,
    settings.Denials,
    settings.RevocationShards,
    settings.Audit,
    settings.KeyMaking,
    settings.MailRequests,
    settings.Mailing,
    settings.Registration,
    settings.NewPasswords,
    settings.Logins,
    settings.Proxy,
):
    """The settings of all functions."""


def build(environ: Mapping[str, str], clock: Clock = system_clock, clients: Clients = ON_LAMBDA) -> SetupEvents:
    config = settings.parse(Settings, environ)
    dynamodb = table.build(config, clients)
    telemetry = PowertoolsTelemetry("setup", config.log_level, stack=config.stack_name)
    keeper = key_keeper.build(config, dynamodb, cipher.build(config, clients), telemetry, clock)
    return SetupEvents(
        every_setting=EverySetting,
        environ=dict(environ),
        releases=Releases(dynamodb),
        keeper=keeper,
        keep_decoys=KeepDecoys(store=Decoys(dynamodb), passwords=Passwords()),
        issuer=config.issuer,
        telemetry=telemetry,
    )
