"""The login function."""

from collections.abc import Mapping
from dataclasses import dataclass

from sallyport import settings
from sallyport.accounts.hashing import Passwords
from sallyport.aws.api_gateway import HttpApiHandler
from sallyport.aws.clients import ON_LAMBDA, Clients
from sallyport.aws.dynamodb.accounts import Accounts
from sallyport.aws.dynamodb.revocations import Revocations
from sallyport.aws.dynamodb.sessions import Sessions
from sallyport.aws.telemetry import PowertoolsTelemetry
from sallyport.clock import Clock, system_clock
from sallyport.http.endpoints.login import LoginEndpoint
from sallyport.http.serve import Api, Endpoint
from sallyport.use_cases.authenticate import Authenticate
from sallyport.use_cases.log_in import LogIn
from sallyport.use_cases.open_session import Lifetimes, OpenSession
from sallyport.wiring.parts import (
    cipher,
    front,
    private_keys,
    public_keys,
    refresh_verifier,
    revoking_writes,
    table,
    token_issuer,
)


@dataclass(frozen=True, kw_only=True)
class Settings(
    settings.Common,
    settings.Proxy,
    settings.Issuing,
    settings.SessionUse,
    settings.PrivateKeys,
    settings.Browsers,
    refresh_verifier.Settings,
    revoking_writes.Settings,
):
    """The settings of login."""


def build(environ: Mapping[str, str], clock: Clock = system_clock, clients: Clients = ON_LAMBDA) -> HttpApiHandler:
    config = settings.parse(Settings, environ)
    dynamodb = table.build(config, clients)
    kms = cipher.build(config, clients)
    published = public_keys.build(dynamodb, clock)
    access_keys = private_keys.build("access", dynamodb, kms, clock)
    refresh_keys = private_keys.build("refresh", dynamodb, kms, clock)
    writes = revoking_writes.build(config, dynamodb)
    authenticate = Authenticate(accounts=Accounts(dynamodb, writes), passwords=Passwords())
    open_session = OpenSession(
        sessions=Sessions(dynamodb),
        revocations=Revocations(dynamodb, writes),
        verifier=refresh_verifier.build(config, refresh_keys, published),
        issuer=token_issuer.build(config, published, access_keys, refresh_keys),
        life=Lifetimes(absolute=config.session_seconds, idle=config.session_idle_seconds),
        clock=clock,
    )
    log_in = LogIn(authenticate=authenticate, open_session=open_session)
    endpoints: dict[str, Endpoint] = {"POST /auth/login": LoginEndpoint(log_in, config.allowed_origins)}
    telemetry = PowertoolsTelemetry("login", config.log_level, stack=config.stack_name)
    return HttpApiHandler(Api(endpoints, telemetry, front.build(config)))
