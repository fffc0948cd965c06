"""A user who has just logged in."""

import pytest

from sallyport.accounts.user import User
from tests.support.deployed import Answer, Stack


@pytest.fixture
def login(stack: Stack, user: User) -> Answer:
    return stack.log_in(user)


@pytest.fixture
def access_token(login: Answer) -> str:
    token: str = login.body["access_token"]
    return token
