"""The stack in ministack: deployed once for all tests of this folder."""

from collections.abc import Iterator

import pytest

from tests.support.ministack import Deployed, deploy, ministack, what_is_missing


@pytest.fixture(scope="session")
def stack() -> Iterator[Deployed]:
    if missing := what_is_missing():
        pytest.skip(missing)
    with ministack() as aws:
        yield deploy(aws)


@pytest.fixture
def no_denial(stack: Deployed) -> Iterator[None]:
    """Fail a test if AWS denied a function something meanwhile, even where the function went on without it."""
    before = stack.denials()
    yield
    assert stack.denials()[len(before) :] == []
