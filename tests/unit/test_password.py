"""Passwords: what is hashed, what is refused before hashing (docs/attacks.md L04, L05, L06, L21)."""

import unicodedata

import argon2
import pytest

from sallyport.accounts import password as passwords_module
from sallyport.accounts.hashing import Passwords, Verdict
from sallyport.accounts.password import PasswordTooLong, PasswordTooShort, normal
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

    assert Passwords(memory_kib=16, time_cost=1).check(normal(PASSWORD), stored) == Verdict(matches=True, outdated=True)


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


@pytest.mark.parametrize("too_long", ["x" * 1025, "ü" * 513, "e" + "\u0301" * 200_000, "\ufdfa" * 1_000_000])
def test_more_is_refused_before_any_unicode_work(too_long: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords_module, "unicodedata", None)

    with pytest.raises(PasswordTooLong) as refused:
        normal(too_long)

    assert too_long not in repr(refused.value)


@pytest.mark.parametrize("short", ["", "x" * 14, "ü" * 14, "u\u0308" * 14, "\U0001f511" * 14])
def test_a_new_password_of_14_code_points_is_too_short_however_many_bytes_they_take(short: str) -> None:
    with pytest.raises(PasswordTooShort) as refused:
        chosen(short)

    assert str(refused.value) == ""


@pytest.mark.parametrize("long_enough", ["x" * 15, "u\u0308" * 15, " " * 15, "\U0001f511" * 15])
def test_a_new_password_of_15_code_points_is_long_enough_whatever_they_are(long_enough: str) -> None:
    assert chosen(long_enough) == normal(long_enough)


def test_the_minimum_of_a_new_password_can_be_another() -> None:
    assert chosen("x" * 8, at_least=8) == b"x" * 8
    with pytest.raises(PasswordTooShort):
        chosen("x" * 7, at_least=8)


def test_a_new_password_is_capped_before_any_unicode_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords_module, "unicodedata", None)

    with pytest.raises(PasswordTooLong):
        chosen("x" * 1025)


def test_a_missing_account_pays_one_hash_of_todays_parameters_and_never_matches() -> None:
    decoy_only = Passwords(memory_kib=8, time_cost=1)

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
    decoy = argon2.extract_parameters(Passwords()._decoy)

    assert decoy == real


def test_a_hash_that_could_not_be_computed_is_no_wrong_password(monkeypatch: pytest.MonkeyPatch) -> None:
    passwords, _ = counted(monkeypatch, error=argon2.exceptions.VerificationError)

    with pytest.raises(Unavailable):
        passwords.check(normal(PASSWORD), Passwords().hash(normal(PASSWORD)))
