"""O01: marked secrets through every route and every function, and then a search for them in all that was left."""

import json
from collections.abc import Iterator

import pytest

from sallyport.use_cases import send_mail
from tests.attacks.leaks.journey import BESIDE, GOOD, Journey, spoilt


@pytest.fixture(autouse=True)
def _what_is_mailed_is_marked(monkeypatch: pytest.MonkeyPatch, journey: Journey) -> None:
    for name, kind in (("new_secret", "link"), ("new_code", "code")):
        make = getattr(send_mail, name)

        def marked(make=make, kind=kind) -> str:  # type: ignore[no-untyped-def]
            secret = make()
            journey.canaries.plant(kind, secret)
            return secret

        monkeypatch.setattr(send_mail, name, marked)


def test_o01_no_secret_leaves_by_any_route(journey: Journey) -> None:
    assert GOOD.keys() == journey.stack.deployment.routes.keys()
    with journey.places.watched():
        for route, good in GOOD.items():
            good(journey)
            for about, event in spoilt(journey, journey.sent[route][-1]):
                journey.send(route, event, about)
        for more in BESIDE:
            more(journey)
    assert not journey.places.misplaced(journey.canaries)
