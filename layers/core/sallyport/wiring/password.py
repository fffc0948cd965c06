"""The password function: passwords and e-mail addresses of accounts that there are."""

from collections.abc import Mapping

from sallyport import settings
from sallyport.accounts.hashing import Passwords
from sallyport.aws.api_gateway import HttpApiHandler
from sallyport.aws.clients import ON_LAMBDA, Clients
from sallyport.aws.dynamodb.accounts import Accounts
from sallyport.aws.dynamodb.guesses import Guesses
from sallyport.aws.dynamodb.redemptions import Redemptions
from sallyport.aws.dynamodb.sessions import Sessions
from sallyport.aws.dynamodb.throttle import Throttle
from sallyport.aws.telemetry import PowertoolsTelemetry
from sallyport.clock import Clock, system_clock
from sallyport.http.endpoints.email import ChangeEmailEndpoint, ConfirmEmailEndpoint
from sallyport.http.endpoints.password import ChangePasswordEndpoint, ForgotEndpoint, ResetEndpoint
from sallyport.http.serve import Api, Endpoint
from sallyport.tokens.device import DeviceTokens
from sallyport.use_cases.change_email import ChangeEmail
from sallyport.use_cases.change_password import ChangePassword
from sallyport.use_cases.choose_password import ChoosePassword
from sallyport.use_cases.confirm_caller import ConfirmCaller
from sallyport.use_cases.confirm_email import ConfirmEmail
from sallyport.use_cases.reset_password import ResetPassword
from sallyport.values import dataclass
from sallyport.wiring.parts import (
    cipher,
    front,
    mail_requests,
    mailbox_proofs,
    new_passwords,
    notices,
    private_keys,
    public_keys,
    revoking_writes,
    table,
    token_issuer,
)


@dataclass(frozen=True, kw_only=True)
class Settings(
    settings.Common,
    settings.Proxy,
    settings.Issuing,
    settings.PrivateKeys,
    settings.Browsers,
    settings.MailRequests,
    settings.NewPasswords,
    mailbox_proofs.Settings,
    revoking_writes.Settings,
):
    """The settings of password."""


def build(environ: Mapping[str, str], clock: Clock = system_clock, clients: Clients = ON_LAMBDA) -> HttpApiHandler:
    config = settings.parse(Settings, environ)
    dynamodb = table.build(config, clients)
    kms = cipher.build(config, clients)
    published = public_keys.build(dynamodb, clock)
    access_keys = private_keys.build("access", dynamodb, kms, clock)
    refresh_keys = private_keys.build("refresh", dynamodb, kms, clock)
    writes = revoking_writes.build(config, dynamodb)
    accounts, sessions, redemptions = Accounts(dynamodb, writes), Sessions(dynamodb), Redemptions(dynamodb, writes)
    throttle, passwords, rules = Throttle(dynamodb), Passwords(), new_passwords.build(config)
    notify = notices.build(config, clock, clients)
    request_mail = mail_requests.build(config, throttle, clock, clients)
    prove_mailbox = mailbox_proofs.build(config, dynamodb, throttle, passwords, clock)
    confirm_caller = ConfirmCaller(
        sessions=sessions, accounts=accounts, passwords=passwords, guesses=Guesses(dynamodb), clock=clock
    )
    reset_password = ResetPassword(
        choose_password=ChoosePassword(prove_mailbox=prove_mailbox, rules=rules, passwords=passwords),
        redemptions=redemptions,
        devices=DeviceTokens(published, refresh_keys.active),
        notify=notify,
        clock=clock,
    )
    change_password = ChangePassword(
        confirm_caller=confirm_caller,
        rules=rules,
        store=accounts,
        issuer=token_issuer.build(config, published, access_keys, refresh_keys),
        notify=notify,
        clock=clock,
    )
    change_email = ChangeEmail(confirm_caller=confirm_caller, request_mail=request_mail, notify=notify)
    confirm_email = ConfirmEmail(
        sessions=sessions, prove_mailbox=prove_mailbox, redemptions=redemptions, notify=notify, clock=clock
    )
    endpoints: dict[str, Endpoint] = {
        "POST /auth/password/forgot": ForgotEndpoint(request_mail),
        "POST /auth/password/reset": ResetEndpoint(reset_password, rules, config.allowed_origins),
        "POST /auth/password/change": ChangePasswordEndpoint(change_password, rules),
        "POST /auth/email/change": ChangeEmailEndpoint(change_email),
        "POST /auth/email/confirm": ConfirmEmailEndpoint(confirm_email),
    }
    telemetry = PowertoolsTelemetry("password", config.log_level, stack=config.stack_name)
    return HttpApiHandler(Api(endpoints, telemetry, front.build(config)))
