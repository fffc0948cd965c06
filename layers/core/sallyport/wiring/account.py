"""The account function."""

from collections.abc import Mapping
from dataclasses import dataclass

from sallyport import settings
from sallyport.aws.api_gateway import HttpApiHandler
from sallyport.aws.clients import ON_LAMBDA, Clients
from sallyport.aws.dynamodb.revocations import Revocations
from sallyport.aws.dynamodb.sessions import Sessions
from sallyport.aws.telemetry import PowertoolsTelemetry
from sallyport.clock import Clock, system_clock
from sallyport.http.endpoints.account import EndSessionEndpoint, MeEndpoint, SessionsEndpoint
from sallyport.http.serve import Api, Endpoint
from sallyport.use_cases.describe_user import DescribeUser
from sallyport.use_cases.end_session import EndSession
from sallyport.use_cases.list_sessions import ListSessions
from sallyport.wiring.parts import revoking_writes, table


@dataclass(frozen=True, kw_only=True)
class Settings(settings.Common, revoking_writes.Settings):
    """The settings of account."""


def build(environ: Mapping[str, str], clock: Clock = system_clock, clients: Clients = ON_LAMBDA) -> HttpApiHandler:
    config = settings.parse(Settings, environ)
    dynamodb = table.build(config, clients)
    sessions = Sessions(dynamodb)
    revocations = Revocations(dynamodb, revoking_writes.build(config, dynamodb))
    end_session = EndSession(sessions=sessions, revocations=revocations, clock=clock)
    endpoints: dict[str, Endpoint] = {
        "GET /auth/me": MeEndpoint(DescribeUser(sessions=sessions, clock=clock)),
        "GET /auth/sessions": SessionsEndpoint(ListSessions(sessions=sessions, clock=clock)),
        "DELETE /auth/sessions/{sid}": EndSessionEndpoint(end_session),
    }
    return HttpApiHandler(Api(endpoints, PowertoolsTelemetry("account", config.log_level, stack=config.stack_name)))
