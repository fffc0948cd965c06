"""The login function."""

from collections.abc import Mapping
from dataclasses import dataclass

from sallyport import settings
from sallyport.accounts.hashing import Passwords
from sallyport.aws.api_gateway import LambdaHandler, lambda_handler
from sallyport.aws.dynamodb.accounts import Accounts
from sallyport.aws.dynamodb.revocations import Revocations
from sallyport.aws.dynamodb.sessions import Sessions
from sallyport.aws.telemetry import PowertoolsTelemetry
from sallyport.clock import Clock, system_clock
from sallyport.http.endpoints.login import LoginEndpoint
from sallyport.http.serve import Api, Endpoint
from sallyport.use_cases.authenticate import Authenticate
from sallyport.use_cases.open_session import Lifetimes, OpenSession
from sallyport.wiring import issuing, storage, verification


@dataclass(frozen=True, kw_only=True)
class Settings(
    settings.Common,
    settings.Issuing,
    settings.TokenTimes,
    settings.SessionUse,
    settings.PrivateKeys,
    settings.RevocationShards,
    settings.Browsers,
):
    """What login is told."""


def build(environ: Mapping[str, str], clock: Clock = system_clock) -> LambdaHandler:
    told = settings.parse(Settings, environ)
    table = storage.open_table(told)
    names = verification.public_keys(table, clock)
    cipher = issuing.cipher(told)
    access = issuing.private_keys("access", table, cipher, clock)
    refresh = issuing.private_keys("refresh", table, cipher, clock)
    writes = storage.revoking_writes(told, table)
    authenticate = Authenticate(accounts=Accounts(table, writes), passwords=Passwords())
    open_session = OpenSession(
        sessions=Sessions(table),
        revocations=Revocations(table, writes),
        verifier=issuing.refresh_verifier(told, names, refresh, told),
        issuer=issuing.token_issuer(told, names, access, refresh),
        life=Lifetimes(absolute=told.session_seconds, idle=told.session_idle_seconds),
        clock=clock,
    )
    endpoints: dict[str, Endpoint] = {
        "POST /auth/login": LoginEndpoint(authenticate, open_session, told.allowed_origins)
    }
    return lambda_handler(Api(endpoints, PowertoolsTelemetry("login", told.log_level, stack=told.stack_name)))
