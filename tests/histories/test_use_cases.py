"""Any history of requests against the model, by the use cases on stores in memory."""

from contextlib import AbstractContextManager

from hypothesis import settings

from sallyport.accounts.user import User
from sallyport.errors import Unavailable
from sallyport.sessions.issue import IssuedTokens
from tests.histories.failing import Faults
from tests.histories.machine import Answer, hold_to_the_model
from tests.histories.model import BROKEN, OK, REFUSED, Fault
from tests.support.builders import NOW, SECOND
from tests.support.service import Service
from tests.support.stopped_time import Time
from tests.support.stores import in_memory


class UseCases:
    """The use cases on stores in memory, between which faults may happen."""

    def __init__(self) -> None:
        self._faults = Faults()
        self._clock = Time(NOW * SECOND)
        self._service = Service(self._faults.between(in_memory()), self._clock)
        self.new_user = self._service.new_user
        self.authorizes = self._service.authorizes

    @property
    def now(self) -> int:
        return self._clock.now_ms

    @now.setter
    def now(self, now: int) -> None:
        self._clock.now_ms = now

    def suffering(self, fault: Fault) -> AbstractContextManager[object]:
        return self._faults.happening(fault)

    def log_in(self, user: User) -> Answer:
        try:
            return _answer(self._service.log_in(user))
        except Unavailable:
            return Answer(BROKEN)

    def refresh(self, refresh_token: str) -> Answer:
        try:
            exchange = self._service.refresh(refresh_token)
        except Unavailable:
            return Answer(BROKEN)
        return _answer(exchange.tokens) if exchange.tokens else Answer(exchange.outcome)

    def log_out(self, refresh_token: str, *, everywhere: bool) -> Answer:
        try:
            self._service.log_out(refresh_token, everywhere=everywhere)
        except Unavailable:
            return Answer(BROKEN)
        return Answer(OK)

    def change_password(self, access_token: str) -> Answer:
        try:
            tokens = self._service.change_password(access_token)
        except Unavailable:
            return Answer(BROKEN)
        return _answer(tokens) if tokens else Answer(REFUSED)


def _answer(tokens: IssuedTokens) -> Answer:
    return Answer(OK, tokens.refresh_token, tokens.access_token)


def test_no_history_is_answered_otherwise_than_the_model_says(times: int) -> None:
    hold_to_the_model(UseCases, examples=4 * settings().max_examples * times, steps=50, derandomize=times == 1)
