"""The function that keeps the key rings."""

from collections.abc import Mapping

from sallyport import settings
from sallyport.aws.clients import ON_LAMBDA, Clients
from sallyport.aws.key_events import KeyEvents
from sallyport.aws.telemetry import PowertoolsTelemetry
from sallyport.clock import Clock, system_clock
from sallyport.wiring.parts import cipher, key_keeper, table
from sallyport.wiring.parts.key_keeper import Settings


def build(environ: Mapping[str, str], clock: Clock = system_clock, clients: Clients = ON_LAMBDA) -> KeyEvents:
    config = settings.parse(Settings, environ)
    telemetry = PowertoolsTelemetry("rotate_keys", config.log_level, stack=config.stack_name)
    keeper = key_keeper.build(config, table.build(config, clients), cipher.build(config, clients), telemetry, clock)
    return KeyEvents(keeper, config.issuer, telemetry)
