"""Admit a login: count its failure in advance, so that however many guess at once, no guess goes uncounted."""

from contextlib import suppress

from sallyport.accounts.guesses import Admission, GuessStore, key_of_device
from sallyport.accounts.throttle import Bucket, key_of_address
from sallyport.accounts.user import Account, Found
from sallyport.clock import Clock
from sallyport.errors import InvalidToken, TooManyAttempts, Unavailable
from sallyport.tokens.device import DeviceTokenVerifier
from sallyport.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmitLogin:
    """Decides whether a password is compared at all. `bucket` is how often one account may log in successfully.

    An address that nobody has is counted like any other.
    """

    guesses: GuessStore
    devices: DeviceTokenVerifier
    bucket: Bucket
    clock: Clock

    def __call__(self, email: str, found: Found, unverified_device_token: str | None) -> Admission:
        """Reserve a failure: of the device that has logged in to this account before, else of the address.

        So strangers who guess neither delay nor stop the owner's own devices. A device token that is not good for this
        account counts as none.

        Raises TooManyAttempts, with nothing counted, while the counter waits or the account has logged in too often;
        Unavailable.
        """
        now_ms = self.clock()
        account = key_of_address(email)
        counter = self._device(found.account, unverified_device_token, now_ms // 1000) or account
        wait = self.bucket.empty_for(found.logins_full_at_ms, now_ms) or self.guesses.reserve(counter, now_ms=now_ms)
        if wait:
            raise TooManyAttempts(wait)
        return Admission(account, counter, self.bucket, found.logins_full_at_ms)

    def give_back(self, admission: Admission) -> None:
        """Take the reserved failure back, because nobody knows whether it was one. Does not raise if that fails."""
        with suppress(Unavailable):
            self.guesses.give_back(admission.counter)

    def _device(self, account: Account | None, unverified_token: str | None, now: int) -> str | None:
        """Return the counter's key of a device token of this very account and its current version, else None."""
        if unverified_token is None:
            return None
        try:
            device = self.devices.verify(unverified_token, now=now)
        except InvalidToken:
            return None
        if account is None or (device.sub, device.ver) != (account.user.user_id, account.user.token_version):
            return None
        return key_of_device(device.jti)
