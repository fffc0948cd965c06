"""The account function."""

from collections.abc import Mapping

from sallyport import settings
from sallyport.accounts.hashing import Passwords
from sallyport.aws.api_gateway import HttpApiHandler
from sallyport.aws.clients import ON_LAMBDA, Clients
from sallyport.aws.dynamodb.accounts import Accounts
from sallyport.aws.dynamodb.guesses import Guesses
from sallyport.aws.dynamodb.revocations import Revocations
from sallyport.aws.dynamodb.sessions import Sessions
from sallyport.aws.telemetry import PowertoolsTelemetry
from sallyport.clock import Clock, system_clock
from sallyport.http.endpoints.account import DeleteAccountEndpoint, EndSessionEndpoint, MeEndpoint, SessionsEndpoint
from sallyport.http.serve import Api, Endpoint
from sallyport.use_cases.confirm_caller import ConfirmCaller
from sallyport.use_cases.delete_account import DeleteAccount
from sallyport.use_cases.describe_user import DescribeUser
from sallyport.use_cases.end_session import EndSession
from sallyport.use_cases.list_sessions import ListSessions
from sallyport.values import dataclass
from sallyport.wiring.parts import front, notices, revoking_writes, table


@dataclass(frozen=True, kw_only=True)
class Settings(settings.Common, settings.Proxy, settings.MailRequests, revoking_writes.Settings):
    """The settings of account."""


def build(environ: Mapping[str, str], clock: Clock = system_clock, clients: Clients = ON_LAMBDA) -> HttpApiHandler:
    config = settings.parse(Settings, environ)
    dynamodb = table.build(config, clients, seldom_writes=True)
    sessions = Sessions(dynamodb)
    writes = revoking_writes.build(config, dynamodb)
    revocations = Revocations(dynamodb, writes)
    confirm_caller = ConfirmCaller(
        sessions=sessions,
        accounts=Accounts(dynamodb, writes),
        passwords=Passwords(),
        guesses=Guesses(dynamodb),
        clock=clock,
    )
    delete_account = DeleteAccount(
        confirm_caller=confirm_caller, notify=notices.build(config, clock, clients), clock=clock
    )
    end_session = EndSession(sessions=sessions, revocations=revocations, clock=clock)
    endpoints: dict[str, Endpoint] = {
        "GET /auth/me": MeEndpoint(DescribeUser(sessions=sessions, clock=clock)),
        "GET /auth/sessions": SessionsEndpoint(ListSessions(sessions=sessions, clock=clock)),
        "DELETE /auth/sessions/{sid}": EndSessionEndpoint(end_session),
        "DELETE /auth/me": DeleteAccountEndpoint(delete_account),
        "POST /auth/me/delete": DeleteAccountEndpoint(delete_account),  # some clients send no body with DELETE
    }
    telemetry = PowertoolsTelemetry("account", config.log_level, stack=config.stack_name)
    return HttpApiHandler(Api(endpoints, telemetry, front.build(config)))
