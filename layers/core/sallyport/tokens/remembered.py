"""Access tokens that an execution environment has verified before: most requests bring one of them."""

from sallyport.keys.key import Key
from sallyport.tokens.access import AccessToken, AccessTokenVerifier

MOST_TOKENS = 4096
MOST_BYTES = 8 * 2**20

_BYTES_OF_CLAIMS = 1024  # of one token of ours, with the objects that hold them


class RememberedTokens:
    """Verifies access tokens, and those that it has verified a moment ago without checking the signature again.

    It knows a token by its whole text. What may have changed is asked anew: the times, the issuer, and whether the key
    is still in the ring. A ring that is read again has new keys, so each token is verified again at least as often.
    Whether a token was revoked is not asked here. Whatever is not as it was goes the whole way, which decides.
    """

    def __init__(
        self, verifier: AccessTokenVerifier, *, most_tokens: int = MOST_TOKENS, most_bytes: int = MOST_BYTES
    ) -> None:
        self._verifier = verifier
        self._most_tokens = most_tokens
        self._most_bytes = most_bytes
        self._known: dict[str, tuple[Key, AccessToken]] = {}
        self._bytes = 0

    def verify(self, token: str, *, now: int) -> AccessToken:
        """Verify `token` as of `now` (seconds). Raises TokenRejected, or Unavailable if its key cannot be looked up."""
        known = self._known.get(token)
        if known is not None:
            if self._still_holds(*known, now=now):
                return known[1]
            self._forget(token)
        key, claims = self._verifier.verify_by_key(token, now=now)
        self._remember(token, key, claims)
        return claims

    def _still_holds(self, key: Key, claims: AccessToken, *, now: int) -> bool:
        verifier = self._verifier
        return (
            claims.iat - verifier.times.leeway <= now < claims.exp
            and verifier.keys.get(key.kid) is key
            and claims.iss == verifier.names.issuer
        )

    def _remember(self, token: str, key: Key, claims: AccessToken) -> None:
        self._known[token] = key, claims
        self._bytes += _bytes_of(token)
        while len(self._known) > self._most_tokens or self._bytes > self._most_bytes:
            self._forget(next(iter(self._known)))

    def _forget(self, token: str) -> None:
        del self._known[token]
        self._bytes -= _bytes_of(token)


def _bytes_of(token: str) -> int:
    """Return about how much memory a token and its claims take. Its claims are most of its text, in another form."""
    return 2 * len(token) + _BYTES_OF_CLAIMS
