"""The mailer."""

from collections.abc import Mapping

from sallyport import settings
from sallyport.accounts.hashing import Passwords
from sallyport.accounts.one_time_token import LIFETIME_SECONDS
from sallyport.aws.clients import ON_LAMBDA, Clients
from sallyport.aws.dynamodb.one_time_tokens import OneTimeTokens
from sallyport.aws.dynamodb.users import Users
from sallyport.aws.mail_events import MailEvents
from sallyport.aws.ses import Ses
from sallyport.aws.telemetry import PowertoolsTelemetry
from sallyport.clock import Clock, system_clock
from sallyport.mail.composer import ComposedMailer, Composer
from sallyport.use_cases.send_mail import SendMail
from sallyport.values import dataclass
from sallyport.wiring.parts import mailbox_proofs, table


@dataclass(frozen=True, kw_only=True)
class Settings(settings.Common, settings.Mailing):
    """The settings of the mailer."""


def build(environ: Mapping[str, str], clock: Clock = system_clock, clients: Clients = ON_LAMBDA) -> MailEvents:
    config = settings.parse(Settings, environ)
    dynamodb = table.build(config, clients)
    ses = Ses(
        clients.ses(),
        name=config.service_name,
        address=config.mail_from,
        configuration_set=config.mail_configuration_set,
    )
    composer = Composer(service=config.service_name, valid_seconds=LIFETIME_SECONDS)
    send_mail = SendMail(
        users=Users(dynamodb),
        tokens=OneTimeTokens(dynamodb),
        codes=Passwords(),
        mailer=ComposedMailer(composer, ses),
        app_url=config.app_url,
        by_code=mailbox_proofs.purposes_with_codes(config),
        clock=clock,
    )
    return MailEvents(send_mail, PowertoolsTelemetry("mailer", config.log_level, stack=config.stack_name))
