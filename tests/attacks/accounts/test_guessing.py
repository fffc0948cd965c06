"""docs/attacks.md, L, where passwords are guessed: L01, L03, L12, L14, L15, L22, L28.

What comes at the same moment is in tests/races/test_guesses.py, each single wait in tests/use_cases/test_log_in.py.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from argon2 import PasswordHasher, extract_parameters

from dev.aws.cloud import Cloud
from dev.aws.deployment import Deployment, deploy
from dev.aws.recorded import RecordingClients
from dev.sam.template import as_cloudformation
from sallyport.accounts.guesses import MOST_FAILURES, key_of_device, key_of_session
from sallyport.accounts.hashing import Passwords
from sallyport.accounts.password import normal
from sallyport.accounts.throttle import key_of_address, key_of_client
from sallyport.accounts.user import User
from sallyport.aws.dynamodb.throttle import throttle_key
from sallyport.http.cookies import DEVICE_TOKEN
from sallyport.identifiers import new_id
from sallyport.use_cases.open_session import MAX_LIVE_SESSIONS
from tests.attacks.accounts.visitor import NEW_PASSWORD, Browser, Visitor, an_address, shown, tokens_of, waiting
from tests.support.builders import DAY, SECOND, WEAK_PASSWORDS, a_session, an_audit
from tests.support.deployed import PASSWORD, STRICT, Answer, Stack
from tests.support.tokens import ISSUER, unverified_claims
from tests.support.wire import Wire

pytestmark = pytest.mark.only_in_check  # `make test` has tests/use_cases for these rules

WRONG = "a guess, and not the password"
LIMITS = {"ADDRESS_ATTEMPT_LIMIT": "500", "ACCOUNT_LOGIN_LIMIT": "20"}
"""What the template sets. A laptop has more."""


@pytest.fixture(scope="module")
def deployment(cloud: Cloud, recording: RecordingClients) -> Deployment:
    return deploy(ISSUER, {**STRICT, **LIMITS}, table_name=f"guessing-{new_id()}", clients=recording)


@pytest.fixture
def user(stack: Stack) -> User:
    """Somebody whose hash is cheap to compare, for hundreds of guesses."""
    return stack.new_user(WEAK_PASSWORDS.hash(normal(PASSWORD)))


def counted(stack: Stack, key: str) -> Mapping[str, Any]:
    """Return what is counted of a key at login, nothing if there is no item."""
    (item,) = stack.table.get(throttle_key(key, "login"))
    return item or {}


def failures(stack: Stack, key: str) -> int:
    return int(counted(stack, key).get("failures", 0))


def hammer(stack: Stack, key: str, times: int = MOST_FAILURES) -> None:
    """Let so many failures in a row be counted, the last of them just now."""
    stack.table.update(
        throttle_key(key, "login"),
        "SET failures = :times, failed_at = :now_ms",
        condition="attribute_not_exists(failures) OR failures < :times",
        values={":times": times, ":now_ms": stack.now * SECOND},
    )


def close(stack: Stack, user: User) -> None:
    """Let strangers fail at an account until nobody is asked for its password any more."""
    hammer(stack, key_of_address(user.email))
    assert is_delayed(Visitor(stack).log_in(user.email), 900)


def is_delayed(answer: Answer, seconds: int | None = None) -> bool:
    """Tell whether nothing was compared, and hold the answer to saying the same wait twice."""
    if answer.status != 429:
        return False
    wait = answer.body["retry_after"]
    assert (answer.body["code"], answer.headers["retry-after"]) == ("too_many_attempts", str(wait))
    return seconds is None or wait == seconds


def is_wrong(answer: Answer) -> bool:
    return (answer.status, answer.body["code"]) == (401, "invalid_credentials")


# L12: one account, one guess after another


def test_l12_of_a_hundred_and_twenty_guesses_a_hundred_are_compared_each_after_a_longer_wait(
    stack: Stack, user: User, hashes: list[str]
) -> None:
    waits = []
    for number in range(120):
        if number == 20:
            hammer(stack, key_of_address(user.email), 95)  # seventy-five more, as contract/ counts them
            stack.clock.advance(900)
        if 20 <= number < 95:
            continue
        stranger = Visitor(stack)
        answer = stranger.log_in(user.email, f"{WRONG} {number}")
        if is_delayed(answer):
            assert shown(stranger.log_in(user.email, PASSWORD)) == shown(answer)
            waits.append(answer.body["retry_after"])
            stack.clock.advance(waits[-1])
            answer = stranger.log_in(user.email, f"{WRONG} {number}")
        assert is_wrong(answer) if number < 100 else is_delayed(answer, 900)

    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512] + [900] * 29
    assert hashes == ["verify"] * 25


def test_l12_no_time_opens_a_closed_account_and_no_clock_that_is_behind(stack: Stack, user: User) -> None:
    close(stack, user)

    for seconds in (900, 86_400, 29 * DAY, -40 * DAY):
        stack.clock.advance(seconds)
        assert is_delayed(Visitor(stack).log_in(user.email), 900)


def test_l12_a_wait_says_when_it_ends_and_ends_then(stack: Stack, user: User) -> None:
    hammer(stack, key_of_address(user.email), 9)

    assert is_delayed(Visitor(stack).log_in(user.email), 16)
    stack.clock.advance(15)
    assert is_delayed(Visitor(stack).log_in(user.email), 1)
    stack.clock.advance(1)
    assert Visitor(stack).log_in(user.email).status == 200


def test_l12_a_login_begins_the_count_anew(stack: Stack, user: User) -> None:
    hammer(stack, key_of_address(user.email), 4)
    assert Visitor(stack).log_in(user.email).status == 200

    answers = [Visitor(stack).log_in(user.email, WRONG) for _ in range(6)]

    assert [answer.status for answer in answers] == [401] * 5 + [429]


def test_l12_the_spelling_of_an_address_makes_no_second_counter(stack: Stack, user: User) -> None:
    name, _, domain = user.email.partition("@")
    spellings = [user.email.upper(), f" {user.email} ", f"{name}@EXAMPLE.com", f"{name.title()}@{domain}", user.email]

    assert all(is_wrong(Visitor(stack).log_in(spelled, WRONG)) for spelled in spellings)
    assert all(is_delayed(Visitor(stack).log_in(spelled)) for spelled in spellings)


def by_the_link_of_a_mail(stack: Stack, user: User) -> str:
    owner = Visitor(stack)
    assert owner.reset(owner.forgotten(user.email).link).status == 200
    return NEW_PASSWORD


def by_the_code_of_a_mail(stack: Stack, user: User) -> str:
    owner = Visitor(stack)
    assert owner.reset(owner.forgotten(user.email).code).status == 200
    return NEW_PASSWORD


def by_the_operator(stack: Stack, user: User) -> str:
    new_hash = WEAK_PASSWORDS.hash(normal(NEW_PASSWORD))
    assert stack.accounts.set_password(user, new_hash, an_audit(user, stack.now * SECOND))
    return NEW_PASSWORD


@pytest.mark.parametrize("way", [by_the_link_of_a_mail, by_the_code_of_a_mail, by_the_operator])
def test_l12_the_owner_of_a_closed_account_gets_in_again(
    stack: Stack, user: User, way: Callable[[Stack, User], str]
) -> None:
    close(stack, user)

    password = way(stack, user)

    assert Visitor(stack).log_in(user.email, password).status == 200
    assert is_wrong(Visitor(stack).log_in(user.email, PASSWORD))


def test_l12_whoever_hammers_an_address_that_is_free_keeps_nobody_from_registering_it(stack: Stack) -> None:
    email = an_address()
    hammer(stack, key_of_address(email))
    owner = Visitor(stack)

    assert owner.verify(owner.registered(email).link).status == 200

    assert Visitor(stack).log_in(email, NEW_PASSWORD).status == 200


def test_l12_what_a_stranger_can_ask_for_opens_nothing(stack: Stack, user: User) -> None:
    """Neither a mail nor a wrong code begins the count anew."""
    close(stack, user)
    stranger = Visitor(stack)
    mail = stranger.forgotten(user.email)
    stranger.register(user.email)
    stranger.reset({**mail.code, "code": "00000000"})
    stranger.reset({"token": f"{mail.request}.{new_id()}"})

    assert is_delayed(Visitor(stack).log_in(user.email), 900)


# L01, L03: what the waits tell


def test_l03_waits_answers_and_counters_tell_nobody_whose_address_exists(
    stack: Stack, wire: Wire, hashes: list[str]
) -> None:
    without_password = stack.new_user()
    stack.table.delete([(f"CREDENTIAL#{without_password.user_id}", "CREDENTIAL")])
    deleted = stack.new_user()
    assert stack.accounts.delete(deleted, an_audit(deleted, stack.now * SECOND))
    addresses = [
        an_address(),
        stack.new_user().email,
        stack.new_user(status="disabled").email,
        without_password.email,
        deleted.email,
    ]
    seen = set()
    for email in addresses:
        wire.reset()
        hashes.clear()
        told = [shown(Visitor(stack).log_in(email, WRONG)) for _ in range(7)]
        stack.clock.advance(1)
        told.append(shown(Visitor(stack).log_in(email, WRONG)))
        stack.clock.advance(-1)
        seen.add((*told, *wire.calls, *hashes, json.dumps(counted_but_for_the_key(stack, email), sort_keys=True)))

    assert len(seen) == 1
    assert waiting(stack) == []


def counted_but_for_the_key(stack: Stack, email: str) -> dict[str, Any]:
    return {name: value for name, value in counted(stack, key_of_address(email)).items() if name != "PK"}


# L14: one password, many accounts


def exhaust(stack: Stack, ip: str, *, left: int) -> None:
    """Let a client try so often that `left` tries are left."""
    stack.table.update(
        throttle_key(key_of_client(ip), "attempts"),
        "SET tat = :full",
        condition="attribute_not_exists(tat)",
        values={":full": (stack.now + 500 - left) * SECOND},
    )


def test_l14_a_client_that_sprays_six_hundred_addresses_is_answered_five_hundred_times(
    stack: Stack, visitor: Visitor, wire: Wire, hashes: list[str]
) -> None:
    exhaust(stack, visitor.ip, left=5)
    sprayed = [an_address() for _ in range(5)]
    assert all(is_wrong(visitor.log_in(email, PASSWORD)) for email in sprayed)
    stopped = [stack.new_user().email, *(an_address() for _ in range(19))]
    wire.reset()
    hashes.clear()

    assert all(is_delayed(visitor.log_in(email, PASSWORD), 1) for email in stopped)

    assert set(wire.calls) == {"UpdateItem"}  # of the client's own bucket
    assert hashes == []
    assert all(failures(stack, key_of_address(email)) == 1 for email in sprayed)
    assert not any(counted(stack, key_of_address(email)) for email in stopped)
    stack.clock.advance(1)
    assert visitor.log_in(stopped[0], PASSWORD).status == 200
    assert is_delayed(visitor.log_in(stopped[0], PASSWORD), 1)


def test_l14_a_client_of_ipv6_has_one_network_and_its_neighbour_another(stack: Stack) -> None:
    first, same, neighbour = (Visitor(stack, ip) for ip in ("2001:db8::1", "2001:db8::ffff:1", "2001:db8:0:1::1"))
    exhaust(stack, first.ip, left=1)
    assert is_wrong(first.log_in(an_address()))

    assert is_delayed(same.log_in(an_address()), 1)
    assert is_wrong(neighbour.log_in(an_address()))


def test_l14_many_clients_meet_the_limit_of_each_account_and_are_counted_for_an_alarm(
    stack: Stack, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each client tries once. Nothing but the metrics and the API's own rate limit sees them as one."""
    monkeypatch.delenv("POWERTOOLS_METRICS_DISABLED", raising=False)
    victims = [stack.new_user(WEAK_PASSWORDS.hash(normal(PASSWORD))).email for _ in range(3)]
    capsys.readouterr()

    for email in victims:
        answers = [Visitor(stack).log_in(email, WRONG) for _ in range(7)]
        assert [answer.status for answer in answers] == [401] * 5 + [429] * 2

    metrics = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    assert sum("invalid_credentials" in metric for metric in metrics) == 15
    assert sum("too_many_attempts" in metric for metric in metrics) == 6
    assert {metric["service"] for metric in metrics} == {"sallyport.login"}


# L15: the throttle as a weapon against the owner


@pytest.mark.parametrize("failed", [5, 60, 100])
def test_l15_an_app_that_kept_its_device_token_gets_in_while_a_stranger_hammers(
    stack: Stack, user: User, failed: int
) -> None:
    device_token = tokens_of(stack, user)["device_token"]
    hammer(stack, key_of_address(user.email), failed)
    assert is_delayed(Visitor(stack).log_in(user.email))

    answer = Visitor(stack).log_in(user.email, device_token=device_token)

    assert answer.status == 200
    assert is_delayed(Visitor(stack).log_in(user.email))  # the strangers' failures stay
    first, renewed = (unverified_claims(token) for token in (device_token, answer.body["device_token"]))
    assert first["jti"] != renewed["jti"]
    assert renewed["exp"] - stack.now == 30 * DAY
    assert Visitor(stack).log_in(user.email, device_token=answer.body["device_token"]).status == 200


def test_l15_a_browser_gets_in_by_its_cookie_also_after_a_logout(stack: Stack, user: User) -> None:
    browser = Browser(stack)
    assert browser.log_in(user.email).status == 200
    before = browser.cookies[DEVICE_TOKEN]
    close(stack, user)
    assert browser.log_out().status == 204
    assert browser.cookies[DEVICE_TOKEN] == before

    assert browser.log_in(user.email).status == 200

    assert browser.cookies[DEVICE_TOKEN] != before


def test_l15_no_other_cookie_or_field_stands_for_it(stack: Stack, user: User) -> None:
    browser = Browser(stack)
    browser.log_in(user.email)
    token = browser.cookies[DEVICE_TOKEN]
    close(stack, user)

    for cookies in (
        [f"{DEVICE_TOKEN}={token}", f"{DEVICE_TOKEN}={token}"],
        [f"{DEVICE_TOKEN}=x.y.z", f"{DEVICE_TOKEN}={token}"],
        [f"{DEVICE_TOKEN}={token[:-4]}AAAA"],
        [f'{DEVICE_TOKEN}="{token}"'],
        [f"{DEVICE_TOKEN}="],
        [f"{DEVICE_TOKEN.lower()}={token}"],
        [f"sallyport_device={token}"],
        [f"__Host-refresh_token={token}"],
    ):
        assert is_delayed(browser.log_in(user.email, PASSWORD, *cookies), 900), cookies
    assert is_delayed(Browser(stack).log_in(user.email, device_token=token), 900)  # in the body of a browser's login
    assert is_delayed(browser.log_in(user.email, mode="body"), 900)  # in the cookie of an app's
    assert browser.log_in(user.email).status == 200


ODD = ["", ".", "..", "a.b.c", "\ud800", "é.é.é", "\0", "eyJhbGciOiJub25lIn0.e30.", "x" * 8_200, "." * 8_000, " "]


def test_l15_what_is_no_device_token_counts_as_none_and_is_no_error(stack: Stack, user: User) -> None:
    own = tokens_of(stack, user)["device_token"]
    for odd in [*ODD, f" {own}", f"{own}.", own.upper(), own[:-1]]:
        answer = Visitor(stack).log_in(user.email, WRONG, device_token=odd)
        assert is_wrong(answer) or (answer.status, answer.body["code"]) == (400, "invalid_json"), odd
        assert failures(stack, key_of_address(user.email)) == (1 if answer.status == 401 else 0), odd
        stack.guesses.clear(key_of_address(user.email), now=stack.now)


def test_l15_a_stolen_device_token_has_a_hundred_guesses_and_stops_nobody_else(
    stack: Stack, user: User, hashes: list[str]
) -> None:
    stolen, owners = (tokens_of(stack, user)["device_token"] for _ in range(2))
    hammer(stack, key_of_device(str(unverified_claims(stolen)["jti"])), 95)
    hashes.clear()
    for _ in range(5):
        stack.clock.advance(900)
        assert is_wrong(Visitor(stack).log_in(user.email, WRONG, device_token=stolen))

    assert len(hashes) == 5
    stack.clock.advance(900)
    assert is_delayed(Visitor(stack).log_in(user.email, PASSWORD, device_token=stolen), 900)
    assert failures(stack, key_of_address(user.email)) == 0
    assert failures(stack, key_of_device(str(unverified_claims(owners)["jti"]))) == 0
    assert Visitor(stack).log_in(user.email, device_token=owners).status == 200
    assert Visitor(stack).log_in(user.email).status == 200


def _resets(stack: Stack, visitor: Visitor, user: User) -> None:
    assert visitor.reset(visitor.forgotten(user.email).link).status == 200


def _changes_the_password(stack: Stack, visitor: Visitor, user: User) -> None:
    assert visitor.change_password(tokens_of(stack, user)["access_token"]).status == 200


def _is_given_a_password(stack: Stack, visitor: Visitor, user: User) -> None:
    by_the_operator(stack, user)


def _logs_out_everywhere(stack: Stack, visitor: Visitor, user: User) -> None:
    assert stack.log_out(refresh_token=tokens_of(stack, user)["refresh_token"], everywhere=True).status == 204


def _is_disabled_and_enabled(stack: Stack, visitor: Visitor, user: User) -> None:
    assert stack.accounts.disable(user, an_audit(user, stack.now * SECOND))
    assert stack.accounts.enable(user, an_audit(user))


@pytest.mark.parametrize(
    "event",
    [
        _resets,
        _changes_the_password,
        _is_given_a_password,
        _logs_out_everywhere,
        _is_disabled_and_enabled,
    ],
)
def test_l15_a_device_token_from_before_counts_as_none(
    stack: Stack, visitor: Visitor, user: User, event: Callable[[Stack, Visitor, User], None]
) -> None:
    stolen = tokens_of(stack, user)["device_token"]
    event(stack, visitor, user)

    assert is_wrong(Visitor(stack).log_in(user.email, WRONG, device_token=stolen))

    assert failures(stack, key_of_address(user.email)) == 1
    assert counted(stack, key_of_device(str(unverified_claims(stolen)["jti"]))) == {}


def test_l15_a_device_token_is_good_for_no_other_account(stack: Stack, user: User) -> None:
    """Nor for an account that takes over the address."""
    attackers, victim = tokens_of(stack, stack.new_user())["device_token"], user
    assert is_wrong(Visitor(stack).log_in(victim.email, WRONG, device_token=attackers))
    assert failures(stack, key_of_address(victim.email)) == 1

    own = tokens_of(stack, victim)["device_token"]
    assert stack.accounts.delete(victim, an_audit(victim, stack.now * SECOND))
    stack.new_user(email=victim.email)
    assert is_wrong(Visitor(stack).log_in(victim.email, WRONG, device_token=own))
    assert failures(stack, key_of_address(victim.email)) == 1


def test_l15_a_device_token_follows_its_user_to_another_address(stack: Stack, visitor: Visitor, user: User) -> None:
    tokens, email = tokens_of(stack, user), an_address()
    assert visitor.change_email(tokens["access_token"], email).status == 202
    assert visitor.confirm(tokens["access_token"], visitor.mail(email).link).status == 204
    for address in (user.email, email):
        hammer(stack, key_of_address(address))

    assert is_delayed(Visitor(stack).log_in(user.email, device_token=tokens["device_token"]), 900)
    assert Visitor(stack).log_in(email, device_token=tokens["device_token"]).status == 200


@pytest.mark.parametrize("way", ["a reset", "a change"])
def test_l15_whoever_sets_a_password_is_given_a_device_token_that_gets_in(
    stack: Stack, visitor: Visitor, user: User, way: str
) -> None:
    token = tokens_of(stack, user)["access_token"]
    close(stack, user)
    if way == "a reset":
        answer = visitor.reset(visitor.forgotten(user.email).link)
        close(stack, user)
    else:
        answer = visitor.change_password(token)  # which leaves the account closed to strangers

    assert is_delayed(Visitor(stack).log_in(user.email, NEW_PASSWORD), 900)
    known = answer.body["device_token"]
    assert Visitor(stack).log_in(user.email, NEW_PASSWORD, device_token=known).status == 200


# Where a caller gives their password


Ask = Callable[[Visitor, str, str], Answer]


def _to_change(visitor: Visitor, access_token: str, password: str) -> Answer:
    return visitor.change_password(access_token, current=password)


def _to_move(visitor: Visitor, access_token: str, password: str) -> Answer:
    return visitor.change_email(access_token, an_address(), password)


def _to_leave(visitor: Visitor, access_token: str, password: str) -> Answer:
    return visitor.delete(access_token, password)


asked_as_caller = pytest.mark.parametrize("ask", [_to_change, _to_move, _to_leave])


@asked_as_caller
def test_l12_a_stolen_access_token_has_a_hundred_guesses_and_stops_no_other_session(
    stack: Stack, visitor: Visitor, user: User, hashes: list[str], ask: Ask
) -> None:
    stolen, others = (tokens_of(stack, user) for _ in range(2))
    hammer(stack, key_of_session(stolen["session_id"]), 99)
    stack.clock.advance(900)
    stolen_again = stack.refresh(stolen["refresh_token"]).body["access_token"]
    hashes.clear()

    assert ask(visitor, stolen_again, WRONG).body["code"] == "invalid_credentials"
    assert hashes == ["verify"]
    stack.clock.advance(900)
    stolen_again = stack.refresh(stolen["refresh_token"]).body["access_token"]
    assert is_delayed(ask(visitor, stolen_again, PASSWORD), 900)
    assert hashes == ["verify"]

    assert failures(stack, key_of_address(user.email)) == 0
    fresh = tokens_of(stack, user)
    assert ask(visitor, fresh["access_token"], WRONG).body["code"] == "invalid_credentials"
    token = stack.refresh(others["refresh_token"]).body["access_token"]
    assert ask(visitor, token, PASSWORD).status in {200, 202, 204}


def test_l12_the_three_calls_share_the_guesses_of_a_session(stack: Stack, visitor: Visitor, user: User) -> None:
    token = tokens_of(stack, user)["access_token"]
    asks: list[Ask] = [_to_change, _to_move, _to_leave]
    statuses = [asks[number % 3](visitor, token, WRONG).status for number in range(6)]

    assert statuses[5] == 429
    assert 429 not in statuses[:5]
    assert all(is_delayed(ask(visitor, token, PASSWORD), 1) for ask in asks)
    assert waiting(stack) == []


# Infrastructure that fails, users who change meanwhile


@pytest.mark.parametrize("failing", ["TransactWriteItems", "Query"])
def test_l12_a_login_that_nobody_could_finish_is_no_failure(stack: Stack, user: User, wire: Wire, failing: str) -> None:
    tokens_of(stack, user)
    wire.refuse(failing)

    answers = [Visitor(stack).log_in(user.email) for _ in range(7)]

    assert {answer.status for answer in answers} == {503}
    assert failures(stack, key_of_address(user.email)) == 0
    wire.reset()
    assert is_wrong(Visitor(stack).log_in(user.email, WRONG))
    assert Visitor(stack).log_in(user.email).status == 200


def test_l12_a_login_whose_answer_was_lost_leaves_no_failure_and_clears_those_before(
    stack: Stack, user: User, wire: Wire
) -> None:
    hammer(stack, key_of_address(user.email), 4)
    wire.lose_answers("TransactWriteItems")

    assert Visitor(stack).log_in(user.email).status == 503

    wire.reset()
    assert failures(stack, key_of_address(user.email)) == 0


@pytest.mark.parametrize("operation", ["UpdateItem", "TransactWriteItems"])
def test_l12_others_at_the_same_item_delay_a_login_and_do_not_refuse_it(
    stack: Stack, user: User, wire: Wire, operation: str
) -> None:
    tokens_of(stack, user)
    wire.conflict(operation, times=3)

    assert Visitor(stack).log_in(user.email).status == 200


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Callable[[], object]]]:
    """What happens while the next passwords are compared, once each."""
    events: list[Callable[[], object]] = []
    compare = PasswordHasher.verify

    def comparing(self: PasswordHasher, *arguments: Any) -> bool:
        if events:
            with ThreadPoolExecutor(1) as somebody_else:  # who has not the role of the function that compares
                somebody_else.submit(events.pop(0)).result()
        return bool(compare(self, *arguments))

    monkeypatch.setattr(PasswordHasher, "verify", comparing)
    yield events
    assert events == []


@pytest.mark.parametrize("event", [by_the_operator, by_the_link_of_a_mail])
def test_l12_a_guess_that_was_right_a_moment_ago_is_counted_as_wrong(
    stack: Stack, user: User, meanwhile: list[Callable[[], object]], event: Callable[[Stack, User], str]
) -> None:
    meanwhile.append(lambda: event(stack, user))

    assert is_wrong(Visitor(stack).log_in(user.email, PASSWORD))

    assert stack.sessions.of_user(user.user_id) == []
    assert Visitor(stack).log_in(user.email, NEW_PASSWORD).status == 200


def test_l12_a_user_who_is_logged_out_everywhere_meanwhile_is_logged_in_at_the_new_version(
    stack: Stack, user: User, meanwhile: list[Callable[[], object]]
) -> None:
    meanwhile.append(
        lambda: stack.revocations.raise_version(user.user_id, 1, an_audit(user.user_id, stack.now * SECOND))
    )

    tokens = Visitor(stack).log_in(user.email)

    assert tokens.status == 200
    assert stack.authorize(tokens.body["access_token"])["isAuthorized"]
    assert failures(stack, key_of_address(user.email)) == 0


# L28: one valid account


@pytest.mark.parametrize("mode", ["body", "cookie"])
def test_l28_a_valid_account_logs_in_twenty_times_and_then_every_half_a_minute(
    stack: Stack, user: User, hashes: list[str], mode: str
) -> None:
    browser = Browser(stack)
    assert {browser.log_in(user.email, mode=mode).status for _ in range(20)} == {200}
    hashes.clear()

    assert is_delayed(browser.log_in(user.email, mode=mode), 30)
    assert is_delayed(browser.log_in(user.email, WRONG, mode=mode), 30)
    assert (hashes, failures(stack, key_of_address(user.email))) == ([], 0)

    stack.clock.advance(30)
    assert browser.log_in(user.email, mode=mode).status == 200
    assert is_delayed(browser.log_in(user.email, mode=mode), 30)


def test_l28_logging_in_fills_no_list_that_authorizers_read(stack: Stack, user: User) -> None:
    """Neither by sessions that replace each other, nor at the most that a user may have. Those end all the same."""
    now = stack.now
    for age in range(MAX_LIVE_SESSIONS):
        stack.keep(a_session(user, created_at=now - 1 - age, expires_at=now + DAY, idle_expires_at=now + DAY))
    listed = stack.table.partition("REVOKED#0")
    browser, tokens = Browser(stack), []
    for _ in range(10):
        assert browser.log_in(user.email).status == 200
        tokens.append(Visitor(stack).log_in(user.email).body["refresh_token"])

    assert stack.table.partition("REVOKED#0") == listed
    live = [session for session in stack.sessions.of_user(user.user_id) if session.revoked_at is None]
    assert MAX_LIVE_SESSIONS - 20 <= len(live) <= MAX_LIVE_SESSIONS
    assert [session.mode for session in live].count("cookie") == 1
    assert stack.refresh(tokens[-1]).status == 200


def test_l28_neither_a_device_token_nor_another_client_has_logins_of_its_own(stack: Stack, user: User) -> None:
    tokens = [tokens_of(stack, user)["device_token"] for _ in range(20)]

    assert all(is_delayed(Visitor(stack).log_in(user.email, device_token=token), 30) for token in tokens)


def test_l28_wrong_passwords_take_no_login_from_the_owner(stack: Stack, user: User) -> None:
    for _ in range(8):
        stack.clock.advance(900)
        assert is_wrong(Visitor(stack).log_in(user.email, WRONG))
    stack.clock.advance(900)

    assert {Visitor(stack).log_in(user.email).status for _ in range(20)} == {200}


# L22: what one login may cost


def test_l22_a_login_computes_one_hash_and_what_is_refused_none(stack: Stack, user: User, hashes: list[str]) -> None:
    longest, busy = "x" * 1024, stack.new_user()
    hashes.clear()
    assert is_wrong(Visitor(stack).log_in(user.email, longest))
    assert hashes == ["verify"]
    hashes.clear()
    hammer(stack, key_of_address(user.email), 10)
    stack.clock.advance(1)

    refused = [
        Visitor(stack).log_in(user.email),  # waits
        Visitor(stack).log_in(busy.email, longest + "x"),
        Visitor(stack).send("/auth/login", email=busy.email, password=PASSWORD, device_token="x" * 16_384),
        stack.post("/auth/login", b'{"email": "' + b" " * 16_384 + b'"}'),
    ]

    assert [answer.status for answer in refused] == [429, 400, 413, 413]
    assert hashes == []


def test_l22_memory_is_bounded_by_one_hash_an_environment_and_login_shares_no_environment(cloud: Cloud) -> None:
    """Lambda gives an environment one request at a time: 500 at once are 500 of them, or as many as are reserved."""
    resources = as_cloudformation()[0]["Resources"]
    functions = {name: it["Properties"] for name, it in resources.items() if it["Type"] == "AWS::Lambda::Function"}
    reserved = {name for name, properties in functions.items() if "ReservedConcurrentExecutions" in properties}

    assert reserved == {"Login"}
    assert functions["Login"]["ReservedConcurrentExecutions"]["Fn::If"][:2] == [
        "HasLoginConcurrency",
        {"Ref": "LoginConcurrency"},
    ]
    hashed = extract_parameters(Passwords().hash(normal(PASSWORD)))
    assert hashed.memory_cost / 1024 < functions["Login"]["MemorySize"] / 10
