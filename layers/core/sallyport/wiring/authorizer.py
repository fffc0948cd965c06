"""The authorizer."""

from collections.abc import Mapping
from dataclasses import dataclass

from sallyport import settings
from sallyport.aws.authorizer.handler import Authorizer
from sallyport.aws.dynamodb.accounts import Accounts
from sallyport.aws.dynamodb.entries import Entries
from sallyport.aws.dynamodb.sessions import Sessions
from sallyport.aws.dynamodb.table import Table
from sallyport.aws.telemetry import PowertoolsTelemetry
from sallyport.clock import Clock, system_clock
from sallyport.revocation.entries import retention
from sallyport.revocation.roles import KnownRoles, NoRoles
from sallyport.revocation.window import Pace, Window
from sallyport.use_cases.authorize import Authorize, Bounded, RevocationMode, Stateless, Strict
from sallyport.wiring import storage, verification


@dataclass(frozen=True, kw_only=True)
class Settings(
    settings.Common,
    settings.AccessTokens,
    settings.TokenTimes,
    settings.Revocation,
    settings.RevocationShards,
    settings.Denials,
):
    """What the authorizer is told."""


def build(environ: Mapping[str, str], clock: Clock = system_clock) -> Authorizer:
    told = settings.parse(Settings, environ)
    table = storage.open_table(told)
    keys = verification.public_keys(table, clock)
    authorize = Authorize(
        verifier=verification.access_verifier(told, keys, told), mode=_mode(told, table, clock), clock=clock
    )
    return Authorizer(
        authorize=authorize,
        telemetry=PowertoolsTelemetry("authorizer", told.log_level, stack=told.stack_name),
        raises_unauthorized=told.unauthorized_as == "raise",
    )


def _mode(told: Settings, table: Table, clock: Clock) -> RevocationMode:
    match told.revocation_mode:
        case "strict":
            return Strict(Sessions(table))
        case "bounded":
            pace = Pace(
                poll=told.revocation_poll_seconds * 1000,
                max_staleness=told.revocation_max_staleness_seconds * 1000,
                retention=retention(told.access_token_seconds) * 1000,
            )
            roles = (
                KnownRoles(Accounts(table, storage.revoking_writes(told, table))) if told.context_roles else NoRoles()
            )
            entries = Entries(table, shards=told.revocation_shards)
            return Bounded(Window(entries, pace, clock, roles), roles)
        case "stateless":
            return Stateless()
