"""The login function."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from sallyport import settings
from sallyport.accounts.password import Passwords
from sallyport.aws.dynamodb.revocations import Revocations
from sallyport.aws.dynamodb.sessions import Sessions
from sallyport.aws.dynamodb.users import Users
from sallyport.aws.endpoints.login import login_endpoint
from sallyport.aws.http import LambdaHandler, serve
from sallyport.aws.telemetry import PowertoolsTelemetry
from sallyport.clock import system_clock
from sallyport.sessions.login import Lifetimes, login
from sallyport.wiring import issuing, storage, verification


@dataclass(frozen=True, kw_only=True)
class Settings(settings.Common, settings.Issuing, settings.SessionUse, settings.PrivateKeys, settings.RevocationWriter):
    """What login is told."""


def build(environ: Mapping[str, str]) -> LambdaHandler:
    told = settings.parse(Settings, environ)
    table = storage.open_table(told)
    names = verification.public_keys(table, system_clock)
    opener = issuing.cipher(told)
    access = issuing.private_keys("access", table, opener, system_clock)
    refresh = issuing.private_keys("refresh", table, opener, system_clock)
    log_in = partial(
        login,
        accounts=Users(table),
        sessions=Sessions(table),
        revocations=Revocations(table, access_token_seconds=told.access_token_seconds, shards=told.revocation_shards),
        passwords=Passwords(),
        issuer=issuing.token_issuer(told, names, access, refresh),
        life=Lifetimes(absolute=told.session_seconds, idle=told.session_idle_seconds),
        clock=system_clock,
    )
    telemetry = PowertoolsTelemetry("login", told.log_level)
    return serve({"POST /auth/login": login_endpoint(log_in)}, telemetry)
