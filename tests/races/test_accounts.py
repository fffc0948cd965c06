"""Account calls at the same time: redemptions, guesses, changes, moves and deletions. L08, L17, L19, L24 to L27, L31.

In every other round nobody writes before all have read and compared.
"""

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from sallyport.accounts.hashing import Parameters, Passwords
from sallyport.accounts.letter import Letter
from sallyport.accounts.one_time_token import Code, Proof, Purpose
from sallyport.accounts.password import normal
from sallyport.accounts.throttle import CODES_OF_MAILBOX, MAIL_TO_ADDRESS, key_of_address
from sallyport.accounts.user import User
from sallyport.revocation.entries import UserChanged
from sallyport.sessions.issue import IssuedTokens
from tests.races.arena import Arena, at_once
from tests.races.people import (
    NEW_PASSWORD,
    PASSWORD,
    CountedPasswords,
    Gate,
    People,
    an_address,
    code_of,
    link_of,
)

OTHER_PASSWORD = "a third horse without a staple"
REFUSED = "invalid_token"
LOST = {REFUSED, "service_unavailable"}
"""What a loser is told. Where a real engine has too many transactions on one item it says 503, and nothing happened."""


@pytest.fixture
def people(arena: Arena) -> People:
    return People(arena.service, arena.service.stores)


def logged_in(people: People) -> tuple[User, IssuedTokens]:
    user = people.service.new_user()
    return user, people.service.open_session(user)


def gated(people: People, number: int, callers: int, **methods: tuple[str, ...]) -> People:
    """Let callers meet before these methods in every other round."""
    return people.behind(Gate(callers), **methods) if number % 2 else people


def one_won(outcomes: list[str]) -> bool:
    return Counter(outcomes)["done"] == 1 and set(outcomes) <= {"done", *LOST}


# One proof, many hands


def _registers(people: People) -> tuple[Letter, Callable[[People, int, Proof], str]]:
    def redeem(hands: People, number: int, proof: Proof) -> str:
        return hands.verify(proof, f"{NEW_PASSWORD} {number}")

    return people.mailed(people.asked("verify_email", an_address())), redeem


def _resets(people: People) -> tuple[Letter, Callable[[People, int, Proof], str]]:
    def redeem(hands: People, number: int, proof: Proof) -> str:
        return hands.reset(proof, f"{NEW_PASSWORD} {number}")

    return people.mailed(people.asked("reset_password", people.service.new_user().email)), redeem


def _moves(people: People) -> tuple[Letter, Callable[[People, int, Proof], str]]:
    user, tokens = logged_in(people)

    def redeem(hands: People, _: int, proof: Proof) -> str:
        return hands.confirm(tokens, proof)

    return people.mailed(people.asked("confirm_email", an_address(), user)), redeem


@pytest.mark.parametrize(("callers", "rounds"), [(7, 2), (50, 6)])
@pytest.mark.parametrize("arrange", [_registers, _resets, _moves])
def test_l17_of_many_who_redeem_link_and_code_at_once_one_does(
    arena: Arena,
    people: People,
    arrange: Callable[[People], tuple[Letter, Callable[[People, int, Proof], str]]],
    callers: int,
    rounds: int,
) -> None:
    for number in arena.rounds(rounds):
        letter, redeem = arrange(people)
        proofs = [code_of(letter)] * 5 + [link_of(letter)] * (callers - 5)
        hands = gated(people, number, callers, redemptions=("register", "reset", "move"))
        queued = len(people.queue.queued)

        outcomes = at_once([partial(redeem, hands, mine, proof) for mine, proof in enumerate(proofs)])

        assert one_won(outcomes)
        winner = outcomes.index("done")
        if arrange is not _moves:
            assert people.knows(letter.to, f"{NEW_PASSWORD} {winner}")
        account = people.stores.account(letter.to)
        assert account.user.token_version == (2 if arrange is _resets else 1)
        entries = [UserChanged(account.user.user_id, 2)] if arrange is _resets else []
        assert people.stores.entries(account.user.user_id) == entries
        assert len(people.queue.queued) - queued == (0 if arrange is _registers else 1)
        for again in (link_of(letter), code_of(letter)):
            assert redeem(people, 99, again) == REFUSED


# Guessing


@pytest.mark.parametrize("guesses", [20, 200])
def test_l19_however_many_guess_at_once_five_codes_are_compared(arena: Arena, guesses: int) -> None:
    passwords = CountedPasswords()
    people = People(arena.service, arena.service.stores, passwords)
    for _ in arena.rounds(1):
        letter = people.mailed(people.asked("reset_password", people.service.new_user().email))
        passwords.compared.clear()
        wrong = [f"{(int(letter.code) + number) % 10**8:08}" for number in range(1, guesses + 1)]

        outcomes = at_once([partial(people.reset, Code(letter.request, guess)) for guess in wrong])

        assert set(outcomes) == {REFUSED}
        assert len(passwords.compared) == 5
        assert people.reset(code_of(letter)) == REFUSED
        assert people.reset(link_of(letter)) == "done"


@pytest.mark.parametrize("guesses", [35, 200])
def test_l25_however_many_guess_at_once_twenty_five_codes_of_a_mailbox_are_compared(arena: Arena, guesses: int) -> None:
    """Over any number of requests, by whoever asked for them."""
    passwords = CountedPasswords()
    people = People(arena.service, arena.service.stores, passwords)
    for _ in arena.rounds(1):
        email = people.service.new_user().email
        letters = [people.mailed(people.asked("reset_password", email)) for _ in range(guesses // 5)]
        passwords.compared.clear()
        wrong = [Code(letter.request, f"{(int(letter.code) + 1) % 10**8:08}") for letter in letters]

        outcomes = at_once([partial(people.reset, guess) for guess in wrong * 5])

        assert set(outcomes) <= LOST
        assert len(passwords.compared) == 25
        assert people.reset(code_of(letters[-1])) == REFUSED
        assert people.reset(link_of(letters[-1])) == "done"


@pytest.mark.parametrize("callers", [20, 100])
def test_l26_however_many_ask_at_once_for_one_address_five_are_heard(arena: Arena, callers: int) -> None:
    throttle = arena.service.stores.throttle
    for _ in arena.rounds(2):
        key = key_of_address(an_address())
        take = partial(throttle.take, key, MAIL_TO_ADDRESS, now_ms=arena.service.clock())

        waits = at_once([take] * callers)

        assert Counter(wait == 0 for wait in waits) == {True: 5, False: callers - 5}
        assert {wait for wait in waits if wait} == {600}


@pytest.mark.parametrize("callers", [30, 100])
def test_l25_however_many_reserve_at_once_the_allowance_is_exact(arena: Arena, callers: int) -> None:
    throttle = arena.service.stores.throttle
    for _ in arena.rounds(2):
        key = key_of_address(an_address())
        reserve = partial(throttle.reserve, key, CODES_OF_MAILBOX, now_ms=arena.service.clock())

        assert Counter(at_once([reserve] * callers)) == {True: 25, False: callers - 25}


# A queue that delivers twice


@pytest.mark.parametrize("rounds", [2, 40])
def test_l24_a_message_that_comes_again_while_its_link_is_used_revives_nothing(
    arena: Arena, people: People, rounds: int
) -> None:
    for number in arena.rounds(rounds):
        user = people.service.new_user()
        asked = people.asked("reset_password", user.email)
        letter = people.mailed(asked)
        together = gated(people, number, 2, redemptions=("reset",), tokens=("offer",))

        sent, redeemed = at_once([partial(together.send_mail, asked), partial(together.reset, link_of(letter))])

        assert (sent in {"mailed", "used"}, redeemed in {"done", REFUSED}) == (True, True)
        newest = [letter for letter in people.mailer.letters if letter.request == asked.request][-1]
        if redeemed == "done":
            for proof in (link_of(letter), link_of(newest), code_of(newest)):
                assert people.reset(proof, OTHER_PASSWORD) == REFUSED
            assert people.knows(user.email, NEW_PASSWORD)
        else:
            assert people.knows(user.email, PASSWORD)
            assert people.reset(link_of(newest)) == "done"


# Two for one address


@pytest.mark.parametrize(("callers", "rounds"), [(4, 2), (50, 6)])
def test_l08_of_many_registrations_of_one_address_one_becomes_an_account(
    arena: Arena, people: People, callers: int, rounds: int
) -> None:
    for number in arena.rounds(rounds):
        email = an_address()
        letters = [people.mailed(people.asked("verify_email", email)) for _ in range(callers)]
        hands = gated(people, number, callers, redemptions=("register",))

        outcomes = at_once(
            [partial(hands.verify, link_of(letter), f"{NEW_PASSWORD} {i}") for i, letter in enumerate(letters)]
        )

        assert one_won(outcomes)
        assert people.knows(email, f"{NEW_PASSWORD} {outcomes.index('done')}")
        assert people.stores.accounts.named(email) == people.stores.account(email).user


@pytest.mark.parametrize("rounds", [2, 40])
def test_l27_of_two_users_who_move_to_one_address_one_does(arena: Arena, people: People, rounds: int) -> None:
    for number in arena.rounds(rounds):
        new = an_address()
        movers = [logged_in(people) for _ in range(2)]
        letters = [people.mailed(people.asked("confirm_email", new, user)) for user, _ in movers]
        hands = gated(people, number, 2, redemptions=("move",))

        moves = zip(movers, letters, strict=True)
        outcomes = at_once([partial(hands.confirm, tokens, link_of(letter)) for (_, tokens), letter in moves])

        assert one_won(outcomes)
        winner, loser = movers[outcomes.index("done")][0], movers[1 - outcomes.index("done")][0]
        assert people.stores.account(new).user.user_id == winner.user_id
        assert people.stores.accounts.named(winner.email) is None
        assert people.stores.accounts.named(loser.email) == loser


@pytest.mark.parametrize("rounds", [2, 40])
def test_l27_of_two_moves_of_one_user_one_happens(arena: Arena, people: People, rounds: int) -> None:
    for number in arena.rounds(rounds):
        user, tokens = logged_in(people)
        addresses = [an_address(), an_address()]
        letters = [people.mailed(people.asked("confirm_email", new, user)) for new in addresses]
        hands = gated(people, number, 2, redemptions=("move",))

        outcomes = at_once([partial(hands.confirm, tokens, code_of(letter)) for letter in letters])

        assert one_won(outcomes)
        names = [people.stores.accounts.named(email) for email in (user.email, *addresses)]
        assert [name.user_id for name in names if name] == [user.user_id]
        assert names[1 + outcomes.index("done")] is not None


@pytest.mark.parametrize("rounds", [2, 40])
def test_l27_an_address_to_which_somebody_moves_while_another_registers_it_has_one_owner(
    arena: Arena, people: People, rounds: int
) -> None:
    for number in arena.rounds(rounds):
        user, tokens = logged_in(people)
        new = an_address()
        moving = people.mailed(people.asked("confirm_email", new, user))
        registering = people.mailed(people.asked("verify_email", new))
        hands = gated(people, number, 2, redemptions=("move", "register"))

        outcomes = at_once(
            [partial(hands.confirm, tokens, link_of(moving)), partial(hands.verify, link_of(registering))]
        )

        assert one_won(outcomes)
        assert (people.stores.account(new).user.user_id == user.user_id) == (outcomes[0] == "done")
        assert (people.stores.accounts.named(user.email) is None) == (outcomes[0] == "done")


# A reset against everything else


@pytest.mark.parametrize("rounds", [2, 40])
def test_l17_a_reset_against_a_change_of_password_one_happens_and_the_other_is_void(
    arena: Arena, people: People, rounds: int
) -> None:
    for number in arena.rounds(rounds):
        user, tokens = logged_in(people)
        letter = people.mailed(people.asked("reset_password", user.email))
        hands = gated(people, number, 2, redemptions=("reset",), accounts=("change_password",))

        race: list[Callable[[], Any]] = [
            partial(hands.reset, link_of(letter), NEW_PASSWORD),
            partial(hands.change_password, tokens, OTHER_PASSWORD),
        ]
        reset, (changed, fresh) = at_once(race)

        assert [reset, changed].count("done") == 1
        assert people.stores.account(user.email).user.token_version == 2
        assert people.knows(user.email, NEW_PASSWORD if reset == "done" else OTHER_PASSWORD)
        assert not people.service.authorizes(tokens.access_token)
        assert people.service.refresh(tokens.refresh_token).outcome == "invalid_grant"
        assert fresh is None or people.service.authorizes(fresh.access_token)
        assert people.reset(link_of(letter), PASSWORD) == REFUSED


@pytest.mark.parametrize("rounds", [2, 40])
def test_l17_a_login_that_replaces_a_weak_hash_does_not_bring_the_old_password_back(
    arena: Arena, people: People, rounds: int
) -> None:
    """Before a reset: whoever had the old password would have the account again."""
    for number in arena.rounds(rounds):
        user = people.service.new_user()
        weaker = Passwords(Parameters(memory_kib=16, time_cost=1)).hash(normal(PASSWORD))
        assert people.stores.accounts.replace_hash(people.stores.account(user.email), weaker)
        letter = people.mailed(people.asked("reset_password", user.email))
        hands = gated(people, number, 2, redemptions=("reset",), accounts=("replace_hash",))

        race: list[Callable[[], Any]] = [partial(hands.reset, link_of(letter)), partial(hands.log_in, user.email)]
        reset, (_, tokens) = at_once(race)

        assert reset == "done"
        assert people.knows(user.email, NEW_PASSWORD)
        assert not people.knows(user.email, PASSWORD)
        assert tokens is None or not people.service.authorizes(tokens.access_token)
        assert tokens is None or people.service.refresh(tokens.refresh_token).outcome == "invalid_grant"


# Of more logins at once the sixth would have to wait (test_guesses.py).
@pytest.mark.parametrize(("logins", "rounds"), [(3, 2), (5, 20)])
def test_l17_no_login_with_the_old_password_outlives_a_reset(
    arena: Arena, people: People, logins: int, rounds: int
) -> None:
    for number in arena.rounds(rounds):
        user = people.service.new_user()
        letter = people.mailed(people.asked("reset_password", user.email))
        resetting = gated(people, number, 1, redemptions=("reset",))

        race: list[Callable[[], Any]] = [partial(resetting.reset, link_of(letter))]
        reset, *opened = at_once(race + [partial(people.log_in, user.email)] * logins)

        assert reset == "done"
        for outcome, tokens in opened:
            assert outcome in {"done", "invalid_credentials", "service_unavailable"}
            assert tokens is None or not people.service.authorizes(tokens.access_token)


@pytest.mark.parametrize("rounds", [2, 40])
def test_l27_a_reset_against_a_move_one_happens_and_the_other_is_void(
    arena: Arena, people: People, rounds: int
) -> None:
    for number in arena.rounds(rounds):
        user, tokens = logged_in(people)
        new = an_address()
        reset_letter = people.mailed(people.asked("reset_password", user.email))
        move_letter = people.mailed(people.asked("confirm_email", new, user))
        hands = gated(people, number, 2, redemptions=("reset", "move"))

        outcomes = at_once(
            [partial(hands.reset, link_of(reset_letter)), partial(hands.confirm, tokens, link_of(move_letter))]
        )

        assert one_won(outcomes)
        has_moved = outcomes[1] == "done"
        current = people.stores.account(new if has_moved else user.email).user
        assert (current.user_id, current.token_version) == (user.user_id, 1 if has_moved else 2)
        assert people.stores.accounts.named(user.email if has_moved else new) is None
        assert people.knows(current.email, PASSWORD if has_moved else NEW_PASSWORD)
        assert people.service.authorizes(tokens.access_token) == has_moved


# Deletion against everything else


@pytest.mark.parametrize(("logins", "rounds"), [(3, 2), (5, 20)])
def test_l31_no_login_outlives_a_deletion(arena: Arena, people: People, logins: int, rounds: int) -> None:
    """Nor a refresh. In every other round each session is ready to be opened when the deletion begins."""
    for number in arena.rounds(rounds):
        user, tokens = logged_in(people)
        elsewhere = people.service.open_session(user)
        hands = gated(people, number, logins + 1, openings=("open",), accounts=("begin_leaving",))

        race: list[Callable[[], Any]] = [
            partial(hands.delete, tokens),
            *[partial(hands.log_in, user.email)] * logins,
            partial(people.service.refresh, elsewhere.refresh_token),
        ]
        deleted, *opened, refreshed = at_once(race)

        assert deleted == "done"
        assert people.stores.accounts.get(user.user_id) is None
        assert people.stores.accounts.named(user.email) is None
        assert people.stores.sessions.of_user(user.user_id) == []
        for outcome, pair in opened:
            assert outcome in {"done", "invalid_credentials", "service_unavailable"}
            assert pair is None or not people.service.authorizes(pair.access_token)
        if refreshed.tokens is not None:
            assert not people.service.authorizes(refreshed.tokens.access_token)


@pytest.mark.parametrize("rounds", [4, 40])
def test_l31_a_deletion_against_a_move_leaves_a_whole_user_or_none(arena: Arena, people: People, rounds: int) -> None:
    """Where both happen, the deletion began after the move: it finds the user at the new address."""
    for number in arena.rounds(rounds):
        user, tokens = logged_in(people)
        new = an_address()
        letter = people.mailed(people.asked("confirm_email", new, user))
        method = "begin_leaving" if number % 4 == 1 else "delete"
        hands = gated(people, number, 2, redemptions=("move",), accounts=(method,))

        moved, deleted = at_once([partial(hands.confirm, tokens, link_of(letter)), partial(hands.delete, tokens)])

        names = [people.stores.accounts.named(email) for email in (user.email, new)]
        if deleted == "done":
            assert moved == REFUSED or (moved == "done" and number % 2 == 0)
            assert names == [None, None]
            assert people.stores.accounts.get(user.user_id) is None
            assert people.stores.sessions.of_user(user.user_id) == []
            assert people.is_free(user.email)
            assert people.is_free(new)
        else:
            assert (moved, deleted) == ("done", "service_unavailable")
            assert [name.user_id if name else None for name in names] == [None, user.user_id]
            assert people.delete(tokens) == "done"  # what failed can be asked again


@pytest.mark.parametrize("method", ["begin_leaving", "delete"])
def test_l31_a_deletion_that_a_move_overtakes_leaves_no_login_name_behind(people: People, method: str) -> None:
    """One that leads to nobody could never be registered again."""
    user, tokens = logged_in(people)
    new = an_address()
    letter = people.mailed(people.asked("confirm_email", new, user))
    moved = []
    late = people.overtaken("accounts", method, lambda: moved.append(people.confirm(tokens, link_of(letter))))

    deleted = late.delete(tokens)

    assert moved == ["done" if method == "begin_leaving" else REFUSED]
    assert deleted == ("service_unavailable" if method == "begin_leaving" else "done")
    assert people.is_free(user.email)
    assert people.stores.accounts.named(new) is not None or people.is_free(new)


def test_l17_a_login_that_a_reset_overtakes_does_not_bring_the_old_password_back(people: People) -> None:
    user = people.service.new_user()
    weaker = Passwords(Parameters(memory_kib=16, time_cost=1)).hash(normal(PASSWORD))
    assert people.stores.accounts.replace_hash(people.stores.account(user.email), weaker)
    letter = people.mailed(people.asked("reset_password", user.email))
    late = people.overtaken("accounts", "replace_hash", lambda: people.reset(link_of(letter)))

    outcome, tokens = late.log_in(user.email)

    assert (outcome, tokens) == ("invalid_credentials", None)
    assert people.knows(user.email, NEW_PASSWORD)


@pytest.mark.parametrize("method", ["replace_hash", "open"])
def test_l31_a_login_that_a_deletion_overtakes_leaves_nothing_behind(people: People, method: str) -> None:
    user, tokens = logged_in(people)
    weaker = Passwords(Parameters(memory_kib=16, time_cost=1)).hash(normal(PASSWORD))
    assert people.stores.accounts.replace_hash(people.stores.account(user.email), weaker)
    store = "accounts" if method == "replace_hash" else "openings"
    late = people.overtaken(store, method, lambda: people.delete(tokens))

    assert late.log_in(user.email) == ("invalid_credentials", None)

    assert people.stores.accounts.of_user(user.user_id) is None
    assert people.stores.sessions.of_user(user.user_id) == []
    assert people.is_free(user.email)


@pytest.mark.parametrize("rounds", [4, 40])
def test_l31_a_deletion_against_a_reset_one_happens(arena: Arena, people: People, rounds: int) -> None:
    for number in arena.rounds(rounds):
        user, tokens = logged_in(people)
        letter = people.mailed(people.asked("reset_password", user.email))
        method = "begin_leaving" if number % 4 == 1 else "delete"
        hands = gated(people, number, 2, redemptions=("reset",), accounts=(method,))

        reset, deleted = at_once([partial(hands.reset, link_of(letter)), partial(hands.delete, tokens)])

        assert [reset, deleted].count("done") == 1
        if deleted == "done":
            assert people.stores.accounts.of_user(user.user_id) is None
            assert people.stores.accounts.named(user.email) is None
        else:
            assert people.knows(user.email, NEW_PASSWORD)
            assert not people.service.authorizes(tokens.access_token)


@pytest.mark.parametrize("purpose", ["verify_email", "confirm_email"])
@pytest.mark.parametrize("rounds", [2, 20])
def test_l31_an_address_is_free_for_one_after_its_user_has_gone_or_moved(
    arena: Arena, people: People, purpose: Purpose, rounds: int
) -> None:
    """A new owner begins while the old one leaves: two, one or none, and never one with the other's items."""
    for _ in arena.rounds(rounds):
        email = an_address()
        registering = people.mailed(people.asked("verify_email", email))
        first = people.mailed(people.asked("verify_email", email))
        assert people.verify(link_of(first), PASSWORD) == "done"
        owner = people.stores.account(email).user
        tokens = people.service.open_session(owner)
        new = an_address()
        moving = people.mailed(people.asked("confirm_email", new, owner))
        leave = partial(people.delete, tokens)
        if purpose == "confirm_email":
            leave = partial(people.confirm, tokens, link_of(moving))

        left, registered = at_once([leave, partial(people.verify, link_of(registering))])

        assert left == "done"
        named = people.stores.accounts.named(email)
        assert (named is not None) == (registered == "done")
        if named is not None:
            assert named.user_id != owner.user_id
            assert people.knows(email, NEW_PASSWORD)


def test_l20_a_token_that_dies_while_it_is_checked_asks_for_nothing_more(people: People) -> None:
    """The strict check has passed it. A moment later the account is read: with the same password, of a new version."""
    user, tokens = logged_in(people)
    letter = people.mailed(people.asked("reset_password", user.email))
    late = people.overtaken("accounts", "of_user", lambda: people.reset(link_of(letter), PASSWORD))

    assert late.delete(tokens) == REFUSED

    assert people.stores.account(user.email).user.token_version == 2
