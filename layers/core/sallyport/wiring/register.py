"""The register function."""

from collections.abc import Mapping

from sallyport import settings
from sallyport.accounts.hashing import Passwords
from sallyport.aws.api_gateway import HttpApiHandler
from sallyport.aws.clients import ON_LAMBDA, Clients
from sallyport.aws.dynamodb.redemptions import Redemptions
from sallyport.aws.dynamodb.throttle import Throttle
from sallyport.aws.telemetry import PowertoolsTelemetry
from sallyport.clock import Clock, system_clock
from sallyport.http.endpoints.register import RegisterEndpoint, VerifyEmailEndpoint
from sallyport.http.serve import Api, Endpoint
from sallyport.tokens.device import DeviceTokens
from sallyport.use_cases.choose_password import ChoosePassword
from sallyport.use_cases.register import Register
from sallyport.use_cases.verify_email import VerifyEmail
from sallyport.values import dataclass
from sallyport.wiring.parts import (
    cipher,
    front,
    mail_requests,
    mailbox_proofs,
    new_passwords,
    private_keys,
    public_keys,
    revoking_writes,
    table,
)


@dataclass(frozen=True, kw_only=True)
class Settings(
    settings.Common,
    settings.Proxy,
    settings.PrivateKeys,
    settings.Browsers,
    settings.MailRequests,
    settings.Registration,
    settings.NewPasswords,
    mailbox_proofs.Settings,
    revoking_writes.Settings,
):
    """The settings of register."""


def build(environ: Mapping[str, str], clock: Clock = system_clock, clients: Clients = ON_LAMBDA) -> HttpApiHandler:
    config = settings.parse(Settings, environ)
    dynamodb = table.build(config, clients)
    throttle, passwords, rules = Throttle(dynamodb), Passwords(), new_passwords.build(config)
    refresh_keys = private_keys.build("refresh", dynamodb, cipher.build(config, clients), clock)
    choose_password = ChoosePassword(
        prove_mailbox=mailbox_proofs.build(config, dynamodb, throttle, passwords, clock),
        rules=rules,
        passwords=passwords,
    )
    verify_email = VerifyEmail(
        choose_password=choose_password,
        redemptions=Redemptions(dynamodb, revoking_writes.build(config, dynamodb)),
        devices=DeviceTokens(public_keys.build(dynamodb, clock), refresh_keys.active),
        clock=clock,
    )
    register = Register(
        request_mail=mail_requests.build(config, throttle, clock, clients), is_open=config.registration_open
    )
    endpoints: dict[str, Endpoint] = {
        "POST /auth/register": RegisterEndpoint(register),
        "POST /auth/verify-email": VerifyEmailEndpoint(verify_email, rules, config.allowed_origins),
    }
    telemetry = PowertoolsTelemetry("register", config.log_level, stack=config.stack_name)
    return HttpApiHandler(Api(endpoints, telemetry, front.build(config)))
