"""The account function."""

from collections.abc import Mapping
from dataclasses import dataclass

from sallyport import settings
from sallyport.aws.api_gateway import LambdaHandler, lambda_handler
from sallyport.aws.dynamodb.revocations import Revocations
from sallyport.aws.dynamodb.sessions import Sessions
from sallyport.aws.telemetry import PowertoolsTelemetry
from sallyport.clock import Clock, system_clock
from sallyport.http.endpoints.account import EndSessionEndpoint, MeEndpoint, SessionsEndpoint
from sallyport.http.serve import Api, Endpoint
from sallyport.use_cases.describe_user import DescribeUser
from sallyport.use_cases.end_session import EndSession
from sallyport.use_cases.list_sessions import ListSessions
from sallyport.wiring import storage


@dataclass(frozen=True, kw_only=True)
class Settings(settings.Common, settings.AccessTokenLife, settings.RevocationShards):
    """What account is told."""


def build(environ: Mapping[str, str], clock: Clock = system_clock) -> LambdaHandler:
    told = settings.parse(Settings, environ)
    table = storage.open_table(told)
    sessions = Sessions(table)
    revocations = Revocations(table, storage.revoking_writes(told, table))
    end_session = EndSession(sessions=sessions, revocations=revocations, clock=clock)
    endpoints: dict[str, Endpoint] = {
        "GET /auth/me": MeEndpoint(DescribeUser(sessions=sessions, clock=clock)),
        "GET /auth/sessions": SessionsEndpoint(ListSessions(sessions=sessions, clock=clock)),
        "DELETE /auth/sessions/{sid}": EndSessionEndpoint(end_session),
    }
    return lambda_handler(Api(endpoints, PowertoolsTelemetry("account", told.log_level, stack=told.stack_name)))
