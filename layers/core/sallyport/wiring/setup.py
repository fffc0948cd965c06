"""The function that a deployment runs: it checks what is deployed, and makes the first keys."""

from collections.abc import Mapping
from dataclasses import dataclass

from sallyport import settings
from sallyport.aws.dynamodb.releases import Releases
from sallyport.aws.setup_events import SetupEvents
from sallyport.aws.telemetry import PowertoolsTelemetry
from sallyport.clock import system_clock
from sallyport.wiring import storage
from sallyport.wiring.key_keeping import Settings, keeper


@dataclass(frozen=True, kw_only=True)
class EverySetting(
    settings.Common,
    settings.Issuing,
    settings.TokenTimes,
    settings.Rotation,
    settings.Browsers,
    settings.Revocation,
    settings.Denials,
    settings.RevocationShards,
    settings.KeyMaking,
):
    """What any function is told."""


def build(environ: Mapping[str, str]) -> SetupEvents:
    told = settings.parse(Settings, environ)
    table = storage.open_table(told)
    telemetry = PowertoolsTelemetry("setup", told.log_level, stack=told.stack_name)

    own = dict(environ)

    def check(deployed: Mapping[str, str]) -> None:
        settings.parse(EverySetting, {**own, **deployed})

    return SetupEvents(check, Releases(table), keeper(told, table, telemetry, system_clock), told.issuer, telemetry)
