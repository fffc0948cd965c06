"""The fields by which people redeem a mail: the proof that came with it, and the password that they choose."""

from collections.abc import Collection

from sallyport.accounts.new_password import NewPasswords
from sallyport.accounts.one_time_token import Proof, code_from, link_from
from sallyport.accounts.password import NormalPassword
from sallyport.http.csrf import require_page_of_ours_for
from sallyport.http.fields import Fields, fields_of
from sallyport.http.passwords import password
from sallyport.http.request import Request
from sallyport.sessions.session import Mode
from sallyport.values import dataclass, field

PROOF_FIELDS = ("token", "request", "code")


@dataclass(frozen=True, slots=True)
class Redemption:
    """A proof, the password that goes with it, and the channel for the device token."""

    proof: Proof
    password: NormalPassword = field(repr=False)
    mode: Mode


def redemption(request: Request, rules: NewPasswords, allowed_origins: Collection[str]) -> Redemption:
    """Read what a person sends who chooses a password by a mail. The rules that need no account have been applied.

    Raises InvalidRequest, CsrfRejected, ProofRejected, Unavailable.
    """
    with fields_of(request.json_object(), (*PROOF_FIELDS, "password", "mode")) as fields:
        typed, chosen = TypedProof(fields), password(fields, read=rules.choose)
        mode: Mode = fields.choice("mode", "body", "cookie")
    require_page_of_ours_for(mode, request, allowed_origins)
    return Redemption(typed.read(), chosen, mode)


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
