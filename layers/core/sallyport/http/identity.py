"""The fields by which people say who they are: an e-mail address and a password."""

from sallyport.accounts.email import InvalidEmail, canonical
from sallyport.accounts.password import NormalPassword, PasswordRefused, normal
from sallyport.http.fields import Fields


def email(fields: Fields) -> str:
    """Return an address in its canonical form."""
    typed = fields.text("email")
    try:
        return canonical(typed)
    except InvalidEmail:
        fields.refuse("email", "invalid_email", "This is not an e-mail address that we accept.")
        return ""


def password(fields: Fields, name: str = "password") -> NormalPassword:
    """Return a password in the form in which it is hashed."""
    typed = fields.text(name)
    try:
        return normal(typed)
    except PasswordRefused as refusal:
        fields.refuse(name, refusal.code, refusal.detail)
        return normal("")
