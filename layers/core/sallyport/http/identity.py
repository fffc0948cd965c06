"""The field that names an account: an e-mail address."""

from sallyport.accounts.email import InvalidEmail, canonical
from sallyport.http.fields import Fields


def email(fields: Fields) -> str:
    """Return an address in its canonical form."""
    typed = fields.text("email")
    try:
        return canonical(typed)
    except InvalidEmail:
        fields.refuse("email", "invalid_email", "This is not an e-mail address that we accept.")
        return ""
