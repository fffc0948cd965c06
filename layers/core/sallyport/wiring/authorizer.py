"""The authorizer."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from sallyport import settings
from sallyport.aws.authorizer.handler import answer
from sallyport.aws.dynamodb.sessions import Sessions
from sallyport.aws.http import LambdaHandler
from sallyport.aws.telemetry import PowertoolsTelemetry
from sallyport.clock import system_clock
from sallyport.revocation.authorize import Stateless, Strict, authorize
from sallyport.wiring import storage, verification


@dataclass(frozen=True, kw_only=True)
class Settings(settings.Common, settings.AccessTokens, settings.TokenTimes, settings.Revocation, settings.Denials):
    """What the authorizer is told."""


def build(environ: Mapping[str, str]) -> LambdaHandler:
    told = settings.parse(Settings, environ)
    table = storage.open_table(told)
    keys = verification.public_keys(table, system_clock)
    decide = partial(
        authorize,
        verifier=verification.access_verifier(told, keys, told),
        mode=Strict(Sessions(table)) if told.revocation_mode == "strict" else Stateless(),
        clock=system_clock,
    )
    return answer(
        decide,
        PowertoolsTelemetry("authorizer", told.log_level, salt=told.table_name),
        raises_unauthorized=told.unauthorized_as == "raise",
    )
