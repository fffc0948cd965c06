"""Checking the links and codes that came by mail."""

from sallyport import settings
from sallyport.accounts.hashing import Passwords
from sallyport.accounts.one_time_token import Purpose
from sallyport.accounts.throttle import ThrottleStore, attempts_of_client
from sallyport.aws.dynamodb.one_time_tokens import OneTimeTokens
from sallyport.aws.dynamodb.table import Table
from sallyport.clock import Clock
from sallyport.use_cases.limit_client import LimitClient
from sallyport.use_cases.prove_mailbox import ProveMailbox
from sallyport.values import dataclass


@dataclass(frozen=True, kw_only=True)
class Settings(settings.Attempts, settings.MailCodes):
    """The settings that decide which proofs are looked at."""


def build(config: Settings, table: Table, throttle: ThrottleStore, passwords: Passwords, clock: Clock) -> ProveMailbox:
    return ProveMailbox(
        tokens=OneTimeTokens(table),
        throttle=throttle,
        limit_client=LimitClient(
            throttle=throttle, bucket=attempts_of_client(config.address_attempt_limit), clock=clock
        ),
        codes=passwords,
        by_code=purposes_with_codes(config),
        clock=clock,
    )


def purposes_with_codes(config: settings.MailCodes) -> tuple[Purpose, ...]:
    """Return the purposes for which a code is mailed and taken."""
    if config.mail_codes == "all":
        return ("verify_email", "reset_password", "confirm_email")
    return ("verify_email", "confirm_email")
