"""How the authorizer and verify learn of revocations."""

from sallyport import settings
from sallyport.aws.dynamodb.entries import Entries
from sallyport.aws.dynamodb.table import Table
from sallyport.clock import Clock
from sallyport.revocation.entries import retention
from sallyport.revocation.roles import KnownRoles, NoRoles
from sallyport.revocation.window import Pace, Window
from sallyport.use_cases.authorize import Bounded, RevocationMode, Stateless
from sallyport.values import dataclass


@dataclass(frozen=True, kw_only=True)
class Settings(settings.Revocation, settings.AccessTokenLife, settings.RevocationShards):
    """The settings of a revocation mode."""


def build(config: Settings, table: Table, clock: Clock, *, reads_roles: bool) -> RevocationMode:
    """Build the stack's mode. `reads_roles` decides in `bounded`: `strict` always reads roles, `stateless` never."""
    match config.revocation_mode:
        case "strict":
            from sallyport.aws.dynamodb.sessions import Sessions  # noqa: PLC0415  # what no other mode loads
            from sallyport.use_cases.strict_mode import Strict  # noqa: PLC0415

            return Strict(Sessions(table), clock)
        case "bounded":
            pace = Pace(
                poll=config.revocation_poll_seconds * 1000,
                max_staleness=config.revocation_max_staleness_seconds * 1000,
                retention=retention(config.access_token_seconds) * 1000,
            )
            roles = _known_roles(table) if reads_roles else NoRoles()
            entries = Entries(table, shards=config.revocation_shards)
            return Bounded(Window(entries, pace, clock, roles), roles)
        case "stateless":
            return Stateless()


def _known_roles(table: Table) -> KnownRoles:
    from sallyport.aws.dynamodb.users import Users  # noqa: PLC0415  # what few authorizers load

    return KnownRoles(Users(table))


def cache_seconds(config: settings.Revocation) -> int:
    """Return for how many seconds a gateway may go on by one answer. They add to the mode's own bound."""
    match config.revocation_mode:
        case "strict":
            return 0
        case "bounded":
            return config.revocation_poll_seconds
        case "stateless":
            return 60
