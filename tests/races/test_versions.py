"""R12: parallel raises of the token version."""

from functools import partial

from sallyport.accounts.user import User
from sallyport.revocation.entries import UserChanged
from tests.races.arena import Arena, at_once
from tests.support.builders import an_audit
from tests.support.stores import Stores

CALLERS = 50


def test_r12_of_many_who_raise_the_same_version_one_does(arena: Arena) -> None:
    service, stores = arena.service, arena.service.stores
    for _ in arena.rounds(5):
        user = service.new_user()
        raise_it = partial(stores.revocations.raise_version, user.user_id, 1, an_audit(user, service.clock()))

        assert sorted(at_once([raise_it] * CALLERS)) == [False] * (CALLERS - 1) + [True]

        assert stored_version(stores, user) == 2
        assert stores.entries(user.user_id) == [UserChanged(user.user_id, 2)]


def test_r12_parallel_raises_are_all_counted(arena: Arena) -> None:
    """Each tries until one of its own happened. Entries of one millisecond have no order."""
    service, stores = arena.service, arena.service.stores
    user = service.new_user()

    def raise_once() -> list[int]:
        seen = [stored_version(stores, user)]
        while not stores.revocations.raise_version(user.user_id, seen[-1], an_audit(user.user_id, service.clock())):
            seen.append(stored_version(stores, user))
        return seen

    everything_seen = at_once([raise_once] * CALLERS)

    assert stored_version(stores, user) == 1 + CALLERS
    assert sorted(seen[-1] for seen in everything_seen) == list(range(1, 1 + CALLERS))
    assert all(seen == sorted(set(seen)) for seen in everything_seen)
    entries = [entry.ver for entry in stores.entries(user.user_id) if isinstance(entry, UserChanged)]
    assert sorted(entries) == list(range(2, 2 + CALLERS))


def test_r12_parallel_logouts_everywhere_raise_it_once(arena: Arena) -> None:
    """Each from a device of its own: whoever comes second is no longer logged in, and ends no session but their own."""
    service, stores = arena.service, arena.service.stores
    user = service.new_user()
    devices = [service.open_session(user) for _ in range(CALLERS)]

    at_once([partial(service.log_out, device.refresh_token, everywhere=True) for device in devices])

    assert stored_version(stores, user) == 2
    assert not any(service.authorizes(device.access_token) for device in devices)


def stored_version(stores: Stores, user: User) -> int:
    stored = stores.accounts.get(user.user_id)
    assert stored is not None
    return stored.token_version
