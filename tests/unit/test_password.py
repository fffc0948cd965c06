"""Passwords: what is hashed, what is refused before hashing, what a new one must be."""

import unicodedata
from collections.abc import Callable
from functools import partial
from pathlib import Path

import argon2
import pytest

from sallyport.accounts.blocklist import shipped
from sallyport.accounts.hashing import Parameters, Passwords, Verdict
from sallyport.accounts.new_password import (
    BreachedPasswords,
    NewPasswords,
    PasswordBreached,
    PasswordCommon,
    PasswordTooShort,
)
from sallyport.accounts.password import NormalPassword, PasswordNotText, normal
from sallyport.errors import Unavailable
from tests.support.builders import WEAK_PASSWORDS

PASSWORD = "correct horse battery staple"


class CountingHasher:
    """Stands in for argon2's hasher and counts the hashes that are paid."""

    def __init__(self, error: type[Exception] = argon2.exceptions.VerifyMismatchError) -> None:
        self.verified: list[tuple[str, bytes]] = []
        self._error = error

    def verify(self, stored: str, password: bytes) -> bool:
        self.verified.append((stored, password))
        raise self._error


def counted(monkeypatch: pytest.MonkeyPatch, **how: type[Exception]) -> tuple[Passwords, CountingHasher]:
    hasher = CountingHasher(**how)
    passwords = Passwords()
    monkeypatch.setattr(passwords, "_hasher", hasher)
    return passwords, hasher


def test_the_default_is_argon2id_with_owasps_parameters_and_a_salt_of_its_own() -> None:
    first, second = Passwords().hash(normal(PASSWORD)), Passwords().hash(normal(PASSWORD))

    assert first.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert first != second


def test_the_right_password_matches_and_any_other_does_not() -> None:
    stored = WEAK_PASSWORDS.hash(normal(PASSWORD))

    assert WEAK_PASSWORDS.check(normal(PASSWORD), stored) == Verdict(matches=True, outdated=False)
    assert WEAK_PASSWORDS.check(normal(PASSWORD + " "), stored) == Verdict(matches=False)
    assert WEAK_PASSWORDS.check(normal(""), stored) == Verdict(matches=False)


def test_a_match_with_weaker_parameters_than_todays_is_outdated() -> None:
    stored = WEAK_PASSWORDS.hash(normal(PASSWORD))

    assert Passwords(Parameters(memory_kib=16, time_cost=1)).check(normal(PASSWORD), stored) == Verdict(
        matches=True, outdated=True
    )


def test_composed_and_decomposed_forms_of_one_text_are_one_password() -> None:
    composed = unicodedata.normalize("NFC", "pässwörd ünïcode")
    decomposed = unicodedata.normalize("NFD", composed)

    assert composed != decomposed
    assert WEAK_PASSWORDS.check(normal(decomposed), WEAK_PASSWORDS.hash(normal(composed))).matches


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ﬁnal answer", "final answer"),  # equal under NFKC only
        ("abc\0def", "abc"),
        ("abc\0def", "abc\0deg"),
        ("x" * 72 + "a", "x" * 72 + "b"),
        ("x" * 1023 + "a", "x" * 1023 + "b"),
    ],
)
def test_different_passwords_stay_different(one: str, other: str) -> None:
    assert not WEAK_PASSWORDS.check(normal(other), WEAK_PASSWORDS.hash(normal(one))).matches


def test_1024_bytes_are_hashed() -> None:
    longest = "ü" * 512

    assert WEAK_PASSWORDS.check(normal(longest), WEAK_PASSWORDS.hash(normal(longest))).matches


@pytest.mark.parametrize("typed", ["\ud800 a lone surrogate", "the other \udc00 half", "\udfff\ud83d"])
def test_what_is_no_text_is_refused_without_the_error_that_carries_it(typed: str) -> None:
    with pytest.raises(PasswordNotText) as refused:
        normal(typed)

    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__
    assert refused.value.args == ("A password must be text that can be written in UTF-8.",)


class Thieves:
    """The passwords that were stolen elsewhere, or nobody to ask. Remembers what it was asked."""

    def __init__(self, *stolen: str, away: bool = False) -> None:
        self._stolen = {normal(each) for each in stolen}
        self._away = away
        self.asked: list[NormalPassword] = []

    def hold(self, password: NormalPassword) -> bool:
        self.asked.append(password)
        if self._away:
            raise Unavailable("away")
        return password in self._stolen


def rules(min_length: int = 15, breaches: BreachedPasswords | None = None, **blocklist: str) -> NewPasswords:
    return NewPasswords(
        min_length=min_length,
        service_name="The Example Company",
        blocklist=set(blocklist.values()),
        breaches=breaches,
    )


@pytest.mark.parametrize("short", ["", "x" * 14, "ü" * 14, "u\u0308" * 14, "\U0001f511" * 14])
def test_a_new_password_of_14_code_points_is_too_short_however_many_bytes_they_take(short: str) -> None:
    with pytest.raises(PasswordTooShort) as refused:
        rules().choose(short)

    assert refused.value.detail == "A new password needs at least 15 characters."


@pytest.mark.parametrize("long_enough", ["x" * 15, "u\u0308" * 15, " " * 15, "\U0001f511" * 15])
def test_a_new_password_of_15_code_points_is_long_enough_whatever_they_are(long_enough: str) -> None:
    assert rules().choose(long_enough) == normal(long_enough)


@pytest.mark.parametrize("min_length", [8, 15, 20])
def test_the_minimum_is_a_setting(min_length: int) -> None:
    assert rules(min_length).choose("x" * min_length) == b"x" * min_length
    with pytest.raises(PasswordTooShort, match=f"at least {min_length} characters"):
        rules(min_length).choose("x" * (min_length - 1))


def test_the_blocklist_is_asked_for_the_caseless_form() -> None:
    listed = rules(one="a common pässword")

    for typed in ("A Common PÄSSWORD", "a common pa\u0308ssword"):
        with pytest.raises(PasswordCommon):
            listed.choose(typed)
    assert listed.choose("a common pässword!")


def test_a_password_that_is_chosen_keeps_its_case() -> None:
    assert rules().choose("My Own Long Password") == b"My Own Long Password"


def test_a_blocklist_that_cannot_be_read_refuses_every_password(tmp_path: Path) -> None:
    blind = NewPasswords(min_length=15, service_name="", blocklist=shipped(15, tmp_path))

    with pytest.raises(Unavailable):
        blind.choose(PASSWORD)


def test_without_a_service_to_ask_no_breach_is_looked_for() -> None:
    assert rules().require_fit_for(normal(PASSWORD), "ann@example.com") == ()


def test_a_password_that_was_stolen_elsewhere_is_refused() -> None:
    asking = rules(breaches=Thieves(PASSWORD))

    with pytest.raises(PasswordBreached):
        asking.require_fit_for(normal(PASSWORD), "ann@example.com")
    assert asking.require_fit_for(normal(PASSWORD + "!"), "ann@example.com") == ()


def test_an_outage_of_the_breach_check_refuses_nothing_and_is_reported() -> None:
    asking = rules(breaches=Thieves(PASSWORD, away=True))

    assert asking.require_fit_for(normal(PASSWORD), "ann@example.com") == ("breach_check_failed",)


def test_nobody_else_is_asked_about_a_password_that_our_own_rules_refuse() -> None:
    thieves = Thieves()

    with pytest.raises(PasswordCommon):
        rules(breaches=thieves).require_fit_for(normal("ann.the.first@example.com"), "ann.the.first@example.com")

    assert thieves.asked == []


def test_a_missing_account_pays_one_hash_of_todays_parameters_and_never_matches() -> None:
    decoy_only = Passwords(Parameters(memory_kib=8, time_cost=1))

    assert decoy_only.check(normal(PASSWORD), None) == Verdict(matches=False)
    assert decoy_only.check(normal(""), None) == Verdict(matches=False)


@pytest.mark.parametrize(
    "stored",
    [
        None,
        "",
        "garbage",
        "$argon2id$v=19$m=2097152,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$" + "A" * 43,
        "$argon2id$v=19$m=19456,t=200,p=1$c29tZXNhbHRzb21lc2FsdA$" + "A" * 43,
        "$argon2id$v=19$m=19456,t=2,p=64$c29tZXNhbHRzb21lc2FsdA$" + "A" * 43,
        "$argon2i$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$" + "A" * 43,
        "$argon2id$v=19$m=0,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$" + "A" * 43,
        "$argon2id$v=19$m=-5,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$" + "A" * 43,
        "$argon2id$v=19$m=19456,t=0,p=1$c29tZXNhbHRzb21lc2FsdA$" + "A" * 43,
        "$argon2id$v=19$m=19456,t=2,p=1$$" + "A" * 43,
        "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$" + "ä" * 43,
        "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$AAAA",
        "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW",
    ],
)
def test_without_a_usable_hash_the_decoy_is_hashed_instead(stored: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    passwords, hasher = counted(monkeypatch)

    assert passwords.check(normal(PASSWORD), stored) == Verdict(matches=False)

    ((hashed, typed),) = hasher.verified
    parameters = argon2.extract_parameters(hashed)
    assert (parameters.type, parameters.memory_cost, parameters.time_cost) == (argon2.Type.ID, 19_456, 2)
    assert typed == PASSWORD.encode()


def test_the_decoy_costs_what_a_real_hash_costs() -> None:
    real = argon2.extract_parameters(Passwords().hash(normal(PASSWORD)))
    (decoy,) = map(argon2.extract_parameters, Passwords()._decoys.values())

    assert decoy == real


TODAYS, LAST, ANCIENT = (Parameters(memory_kib=8 * cost, time_cost=cost) for cost in (3, 2, 1))


class Upgrade:
    """Passwords of a release that has changed the parameters, and the memory of each hash that a check computes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.passwords = Passwords(TODAYS, LAST)
        self.stored = {
            "of today's": Passwords(TODAYS, None).hash(normal(PASSWORD)),
            "of the last": Passwords(LAST, None).hash(normal(PASSWORD)),
            "none": None,
            "of no use": "$argon2id$v=19$m=2097152,t=2,p=1$" + "A" * 22 + "$" + "A" * 43,
        }
        self._computed: list[int] = []
        compute = argon2.PasswordHasher.verify

        def noted(hasher: argon2.PasswordHasher, stored: str, typed: bytes) -> bool:
            self._computed.append(argon2.extract_parameters(stored).memory_cost)
            return bool(compute(hasher, stored, typed))

        monkeypatch.setattr(argon2.PasswordHasher, "verify", noted)

    def cost(self, check: Callable[[], object]) -> list[int]:
        """Return the memory of the hashes that a check computes, the smallest first."""
        self._computed.clear()
        check()
        return sorted(self._computed)


@pytest.fixture
def upgrade(monkeypatch: pytest.MonkeyPatch) -> Upgrade:
    return Upgrade(monkeypatch)


@pytest.mark.parametrize("typed", [PASSWORD, "wrong", ""])
@pytest.mark.parametrize("kind", ["of today's", "of the last", "none", "of no use"])
def test_l02_while_users_have_hashes_of_two_releases_every_check_computes_both(
    upgrade: Upgrade, kind: str, typed: str
) -> None:
    stored = upgrade.stored[kind]
    both = [LAST.memory_kib, TODAYS.memory_kib]

    assert upgrade.cost(lambda: upgrade.passwords.check(normal(typed), stored)) == both
    assert upgrade.cost(lambda: upgrade.passwords.check_code(typed, stored)) == both


def test_only_the_hash_of_the_user_decides_whichever_release_it_is_of(upgrade: Upgrade) -> None:
    check, stored = upgrade.passwords.check, upgrade.stored

    assert check(normal(PASSWORD), stored["of today's"]) == Verdict(matches=True, outdated=False)
    assert check(normal(PASSWORD), stored["of the last"]) == Verdict(matches=True, outdated=True)
    for kind in stored:
        assert not check(normal("wrong"), stored[kind]).matches
    assert not check(normal(PASSWORD), None).matches


def test_what_opens_a_decoy_opens_no_account(upgrade: Upgrade, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody knows such a password. If somebody did, it would be everybody's."""
    decoys = set(upgrade.passwords._decoys.values())
    monkeypatch.setattr(argon2.PasswordHasher, "verify", lambda _, stored, __: stored in decoys or _mismatch())

    for stored in upgrade.stored.values():
        assert upgrade.passwords.check(normal(PASSWORD), stored) == Verdict(matches=False)


def _mismatch() -> bool:
    raise argon2.exceptions.VerifyMismatchError


def test_a_hash_that_is_older_than_both_releases_still_opens_its_account(upgrade: Upgrade) -> None:
    ancient = Passwords(ANCIENT, None).hash(normal(PASSWORD))

    assert upgrade.passwords.check(normal(PASSWORD), ancient) == Verdict(matches=True, outdated=True)
    assert len(upgrade.cost(lambda: upgrade.passwords.check(normal("wrong"), ancient))) == 2


def test_without_an_earlier_releases_parameters_a_check_computes_one_hash(upgrade: Upgrade) -> None:
    today = Passwords(TODAYS, None)

    for stored in (upgrade.stored["of today's"], None):
        assert upgrade.cost(partial(today.check, normal("wrong"), stored)) == [TODAYS.memory_kib]


def test_a_current_hash_is_one_of_todays_parameters(upgrade: Upgrade) -> None:
    current = [kind for kind, stored in upgrade.stored.items() if upgrade.passwords.is_current(stored or "")]

    assert current == ["of today's"]


def test_a_hash_that_could_not_be_computed_is_no_wrong_password(monkeypatch: pytest.MonkeyPatch) -> None:
    passwords, _ = counted(monkeypatch, error=argon2.exceptions.VerificationError)

    with pytest.raises(Unavailable):
        passwords.check(normal(PASSWORD), Passwords().hash(normal(PASSWORD)))


CODE = "04815162"


def test_a_code_matches_itself_and_nothing_else() -> None:
    stored = WEAK_PASSWORDS.hash_code(CODE)

    assert WEAK_PASSWORDS.check_code(CODE, stored)
    for other in ("04815163", "4815162", CODE + "0", "", "\ud800"):
        assert not WEAK_PASSWORDS.check_code(other, stored)


def test_a_code_is_hashed_like_a_password_with_a_salt_of_its_own() -> None:
    first, second = Passwords().hash_code(CODE), Passwords().hash_code(CODE)

    assert first.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert first != second


def test_no_unicode_rule_applies_to_a_code() -> None:
    full_width = "".join(chr(ord(digit) - ord("0") + ord("０")) for digit in CODE)

    assert unicodedata.normalize("NFKC", full_width) == CODE
    assert not WEAK_PASSWORDS.check_code(full_width, WEAK_PASSWORDS.hash_code(CODE))


@pytest.mark.parametrize(
    "stored", [None, "", "garbage", "$argon2id$v=19$m=2097152,t=2,p=1$" + "A" * 22 + "$" + "A" * 43]
)
def test_a_code_without_a_usable_hash_pays_for_the_decoy(stored: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    passwords, hasher = counted(monkeypatch)

    assert not passwords.check_code(CODE, stored)

    assert hasher.verified == [(decoy, CODE.encode()) for decoy in passwords._decoys.values()]


def test_a_code_whose_hash_could_not_be_computed_is_no_wrong_code(monkeypatch: pytest.MonkeyPatch) -> None:
    passwords, _ = counted(monkeypatch, error=argon2.exceptions.VerificationError)

    with pytest.raises(Unavailable):
        passwords.check_code(CODE, None)
