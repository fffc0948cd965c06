"""The login function."""

from collections.abc import Mapping

from sallyport import settings
from sallyport.accounts.hashing import Passwords
from sallyport.accounts.throttle import attempts_of_client, logins_of_account
from sallyport.aws.api_gateway import HttpApiHandler
from sallyport.aws.clients import ON_LAMBDA, Clients
from sallyport.aws.dynamodb.accounts import Accounts
from sallyport.aws.dynamodb.guesses import Guesses
from sallyport.aws.dynamodb.openings import Openings
from sallyport.aws.dynamodb.sessions import Sessions
from sallyport.aws.dynamodb.throttle import Throttle
from sallyport.aws.telemetry import PowertoolsTelemetry
from sallyport.clock import Clock, system_clock
from sallyport.http.endpoints.login import LoginEndpoint
from sallyport.http.serve import Api, Endpoint
from sallyport.tokens.claims import TimeRules
from sallyport.tokens.device import LIFETIME_SECONDS, DeviceTokenVerifier
from sallyport.use_cases.admit_login import AdmitLogin
from sallyport.use_cases.authenticate import Authenticate
from sallyport.use_cases.limit_client import LimitClient
from sallyport.use_cases.log_in import LogIn
from sallyport.use_cases.open_session import Lifetimes, OpenSession
from sallyport.values import dataclass
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
    settings.Logins,
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
    accounts = Accounts(dynamodb, writes)
    open_session = OpenSession(
        sessions=Sessions(dynamodb),
        openings=Openings(dynamodb),
        verifier=refresh_verifier.build(config, refresh_keys, published),
        issuer=token_issuer.build(config, published, access_keys, refresh_keys),
        life=Lifetimes(absolute=config.session_seconds, idle=config.session_idle_seconds),
        clock=clock,
    )
    log_in = LogIn(
        limit_client=LimitClient(
            throttle=Throttle(dynamodb), bucket=attempts_of_client(config.address_attempt_limit), clock=clock
        ),
        accounts=accounts,
        admit_login=AdmitLogin(
            guesses=Guesses(dynamodb),
            devices=DeviceTokenVerifier(
                refresh_keys,
                published,
                TimeRules(LIFETIME_SECONDS, config.clock_leeway_seconds, config.tokens_not_before),
            ),
            bucket=logins_of_account(config.account_login_limit),
            clock=clock,
        ),
        authenticate=Authenticate(accounts=accounts, passwords=Passwords()),
        open_session=open_session,
    )
    endpoints: dict[str, Endpoint] = {"POST /auth/login": LoginEndpoint(log_in, config.allowed_origins)}
    telemetry = PowertoolsTelemetry("login", config.log_level, stack=config.stack_name)
    return HttpApiHandler(Api(endpoints, telemetry, front.build(config)))
