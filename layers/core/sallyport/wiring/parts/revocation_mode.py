"""How the authorizer learns of revocations."""

from dataclasses import dataclass

from sallyport import settings
from sallyport.aws.dynamodb.entries import Entries
from sallyport.aws.dynamodb.sessions import Sessions
from sallyport.aws.dynamodb.table import Table
from sallyport.aws.dynamodb.users import Users
from sallyport.clock import Clock
from sallyport.revocation.entries import retention
from sallyport.revocation.roles import KnownRoles, NoRoles
from sallyport.revocation.window import Pace, Window
from sallyport.use_cases.authorize import Bounded, RevocationMode, Stateless, Strict


@dataclass(frozen=True, kw_only=True)
class Settings(settings.Revocation, settings.AccessTokenLife, settings.RevocationShards):
    """The settings of a revocation mode."""


def build(config: Settings, table: Table, clock: Clock) -> RevocationMode:
    match config.revocation_mode:
        case "strict":
            return Strict(Sessions(table), clock)
        case "bounded":
            pace = Pace(
                poll=config.revocation_poll_seconds * 1000,
                max_staleness=config.revocation_max_staleness_seconds * 1000,
                retention=retention(config.access_token_seconds) * 1000,
            )
            roles = KnownRoles(Users(table)) if config.context_roles else NoRoles()
            entries = Entries(table, shards=config.revocation_shards)
            return Bounded(Window(entries, pace, clock, roles), roles)
        case "stateless":
            return Stateless()
