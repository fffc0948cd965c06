"""The fields by which people redeem a mail: the proof that came with it, and the password that they choose."""

from collections.abc import Iterator
from contextlib import contextmanager

from sallyport.accounts.one_time_token import Proof, code_from, link_from
from sallyport.accounts.password import NewPasswords, NormalPassword, PasswordRefused, normal
from sallyport.errors import FieldError, InvalidField
from sallyport.http.fields import Fields

PROOF_FIELDS = ("token", "request", "code")


def new_password(fields: Fields, rules: NewPasswords, name: str = "password") -> NormalPassword:
    """Return a new password, held to the rules that need no account. Raises Unavailable."""
    typed = fields.text(name)
    try:
        return rules.choose(typed)
    except PasswordRefused as refusal:
        fields.refuse(name, refusal.code, refusal.detail)
        return normal("")


@contextmanager
def refusing(name: str = "password") -> Iterator[None]:
    """Let a password that is refused in the block be what is wrong with a field. Raises InvalidField."""
    try:
        yield
    except PasswordRefused as refusal:
        raise InvalidField(FieldError(name, refusal.code, refusal.detail)) from None


class TypedProof:
    """A proof as the fields have it: the `token` of a link, or a `request` and the `code` that was mailed for it."""

    def __init__(self, fields: Fields) -> None:
        self._token = fields.optional_text("token")
        self._request, self._code = fields.optional_text("request"), fields.optional_text("code")
        if self._token is None:
            for name, value in (("request", self._request), ("code", self._code)):
                if value is None:
                    fields.refuse(name, "missing", "Send the token of a link, or request and code.")
        elif self._request is not None or self._code is not None:
            fields.refuse("token", "not_allowed", "Send the token of a link, or request and code, not both.")

    def read(self) -> Proof:
        """Return the proof. Raises ProofRejected for what cannot be one."""
        if self._token is not None:
            return link_from(self._token)
        return code_from(self._request or "", self._code or "")
