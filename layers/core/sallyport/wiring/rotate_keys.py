"""The function that keeps the key rings."""

from collections.abc import Mapping

from sallyport import settings
from sallyport.aws.key_events import KeyEvents
from sallyport.aws.telemetry import PowertoolsTelemetry
from sallyport.clock import system_clock
from sallyport.wiring import storage
from sallyport.wiring.key_keeping import Settings, keeper


def build(environ: Mapping[str, str]) -> KeyEvents:
    told = settings.parse(Settings, environ)
    telemetry = PowertoolsTelemetry("rotate_keys", told.log_level, stack=told.stack_name)
    return KeyEvents(keeper(told, storage.open_table(told), telemetry, system_clock), told.issuer, telemetry)
