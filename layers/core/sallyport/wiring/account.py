"""The account function."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from sallyport import settings
from sallyport.aws.dynamodb.revocations import Revocations
from sallyport.aws.dynamodb.sessions import Sessions
from sallyport.aws.dynamodb.users import Users
from sallyport.aws.endpoints.account import end_session_endpoint, me_endpoint, sessions_endpoint
from sallyport.aws.http import LambdaHandler, serve
from sallyport.aws.telemetry import PowertoolsTelemetry
from sallyport.clock import system_clock
from sallyport.sessions.ending import end_session
from sallyport.sessions.listing import list_sessions
from sallyport.wiring import storage


@dataclass(frozen=True, kw_only=True)
class Settings(settings.Common, settings.AccessTokenLife, settings.RevocationShards):
    """What account is told."""


def build(environ: Mapping[str, str]) -> LambdaHandler:
    told = settings.parse(Settings, environ)
    table = storage.open_table(told)
    users, sessions = Users(table), Sessions(table)
    revocations = Revocations(table, access_token_seconds=told.access_token_seconds, shards=told.revocation_shards)
    listing = partial(list_sessions, users=users, sessions=sessions, clock=system_clock)
    ending = partial(end_session, sessions=sessions, revocations=revocations, clock=system_clock)
    return serve(
        {
            "GET /auth/me": me_endpoint(users.get),
            "GET /auth/sessions": sessions_endpoint(listing),
            "DELETE /auth/sessions/{sid}": end_session_endpoint(ending),
        },
        PowertoolsTelemetry("account", told.log_level, stack=told.stack_name),
    )
