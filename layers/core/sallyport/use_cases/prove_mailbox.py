"""Prove a mailbox: check the link or the code that came by mail."""

from collections.abc import Collection

from sallyport.accounts.hashing import Passwords
from sallyport.accounts.one_time_token import Code, Link, OneTimeToken, OneTimeTokenStore, Proof, Purpose
from sallyport.accounts.throttle import CODES_OF_MAILBOX, ThrottleStore, key_of_address
from sallyport.clock import Clock
from sallyport.errors import ProofRejected
from sallyport.use_cases.limit_client import LimitClient
from sallyport.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ProveMailbox:
    """Checks proofs. Spends nothing but tries; those of a code that was right come back.

    `by_code` are the purposes for which codes are taken.
    """

    tokens: OneTimeTokenStore
    throttle: ThrottleStore
    limit_client: LimitClient
    codes: Passwords
    by_code: Collection[Purpose]
    clock: Clock

    def __call__(self, proof: Proof, purpose: Purpose, ip: str) -> OneTimeToken:
        """Return the token whose proof this is. It opens something, or did a moment ago: spending it decides.

        Raises ProofRejected, the same for everything that stands in the way; TooManyAttempts; Unavailable.
        """
        self.limit_client(ip)
        now_ms = self.clock()
        if isinstance(proof, Link):
            token = self.tokens.read(purpose, proof.request)
            is_right = token is not None and proof.opens(token)
        else:
            token, is_right = self._try_code(proof, purpose, now_ms)
        if token is None or not is_right or not token.is_open(now_ms // 1000):
            raise ProofRejected
        return token

    def give_back(self, proof: Proof, token: OneTimeToken) -> None:
        """Give a right code's tries back, because something else was wrong with its request. Raises Unavailable."""
        if isinstance(proof, Code):
            self.tokens.give_back(token.purpose, token.request)
            self.throttle.give_back(key_of_address(token.mailbox), CODES_OF_MAILBOX)

    def _try_code(self, proof: Code, purpose: Purpose, now_ms: int) -> tuple[OneTimeToken | None, bool]:
        """Compare a code, having taken a try of its request and one of its mailbox first.

        Where there is no try to take, a hash is computed all the same: whether a request exists costs the same time.
        """
        token = self.tokens.take_try(purpose, proof.request, now=now_ms // 1000)
        has_try = token is not None and self.throttle.reserve(
            key_of_address(token.mailbox), CODES_OF_MAILBOX, now_ms=now_ms
        )
        stored = token.code_hash if token is not None and has_try else None
        is_right = self.codes.check_code(proof.unverified_code, stored)
        return token, is_right and purpose in self.by_code
