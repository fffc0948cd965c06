"""What new passwords must be."""

from sallyport.accounts import blocklist
from sallyport.accounts.new_password import NewPasswords
from sallyport.pwned_passwords import PwnedPasswords
from sallyport.settings import NewPasswords as Settings


def build(config: Settings) -> NewPasswords:
    return NewPasswords(
        min_length=config.password_min_length,
        service_name=config.service_name,
        blocklist=blocklist.shipped(config.password_min_length),
        breaches=PwnedPasswords() if config.password_breach_check else None,
    )
