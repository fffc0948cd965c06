"""One canonical form for every address (docs/attacks.md L07)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.provisional import domains

from sallyport.accounts.email import InvalidEmail, canonical
from sallyport.accounts.user import new_user
from tests.support.builders import an_audit
from tests.support.stores import in_memory


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("demo@example.com", "demo@example.com"),
        ("ADMIN@Example.COM", "admin@example.com"),
        ("ann+shop@example.com", "ann+shop@example.com"),
        ("a.n.n@gmail.com", "a.n.n@gmail.com"),
        ("ann@bücher.example", "ann@xn--bcher-kva.example"),
        ("ann@XN--BCHER-KVA.example", "ann@xn--bcher-kva.example"),
        ("admin@exaｍple.com", "admin@example.com"),
        ("x" * 64 + "@example.com", "x" * 64 + "@example.com"),
        ("demo@example.com ", "demo@example.com"),
        (" \tdemo@example.com\r\n", "demo@example.com"),
        ("\u00a0demo@example.com\u3000", "demo@example.com"),
        (" " * 5000 + "demo@example.com", "demo@example.com"),
    ],
)
def test_one_form_for_every_way_to_write_an_address(typed: str, expected: str) -> None:
    assert canonical(typed) == expected


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "ann",
        "@example.com",
        "ann@",
        "annexample.com",
        "ann@a@example.com",
        "ann@localhost",
        "ann@example.com.",
        "ann@[127.0.0.1]",
        '"ann"@example.com',
        "Ann <ann@example.com>",
        "victim@example.com, attacker@example.net",
        "ann@example.com\r\nBcc: eve@example.net",
        " ",
        "ann @example.com",
        "ann@ example.com",
        "ann@example.com eve@example.net",
        "ann@example.com\neve@example.net",
        "\u200bann@example.com",
        "a\u0000nn@example.com",
        "an\u200bn@example.com",
        "\u212aate@example.com",  # the Kelvin sign, which lower() makes a k
        "\u0131van@example.com",  # dotless i, which upper() makes an I
        "stra\u00dfe@example.com",
        "\ufb01nn@example.com",
        "\u017fam@example.com",
        "\u0430dmin@example.com",  # Cyrillic
        "re\u0301mi@example.com",
        "x" * 65 + "@example.com",
        "x@" + "y." * 130 + "com",
        "x" * 5000 + "@example.com",
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(typed: str) -> None:
    with pytest.raises(InvalidEmail) as refused:
        canonical(typed)

    assert typed not in repr(refused.value) or typed == ""


@given(st.from_regex(r"[A-Za-z0-9._+-]{1,20}", fullmatch=True), domains())
def test_the_canonical_form_of_a_canonical_form_is_itself(local: str, domain: str) -> None:
    try:
        once = canonical(f"{local}@{domain}")
    except InvalidEmail:
        return

    assert canonical(once) == once
    assert once.isascii()
    assert once == once.lower()


_MAILBOXES = {"ann": 1, "ANN": 1, "Ann": 1, "ann+shop": 2, "Ann+Shop": 2, "a.nn": 3, "bob": 4}
_HOSTS = {
    "example.com": 1,
    "EXAMPLE.Com": 1,
    "exa\uff4dple.com": 1,
    "b\u00fccher.example": 2,
    "bu\u0308cher.example": 2,
    "XN--BCHER-KVA.example": 2,
    "bucher.example": 3,
}
_SPACE = st.sampled_from(["", " ", "\t", "\u00a0", "\r\n"])


@given(
    *[st.sampled_from(sorted(_MAILBOXES)), st.sampled_from(sorted(_HOSTS)), _SPACE] * 2,
)
def test_two_addresses_share_an_account_exactly_when_they_are_one_mailbox(
    local: str, host: str, space: str, other_local: str, other_host: str, other_space: str
) -> None:
    accounts = in_memory().accounts
    assert accounts.create(
        new_user(canonical(f"{space}{local}@{host}{other_space}"), now=0),
        "hash",
        an_audit(new_user(canonical(f"{space}{local}@{host}{other_space}"), now=0)),
    )

    is_created = accounts.create(
        new_user(canonical(f"{other_local}@{other_host}{space}"), now=0),
        "hash",
        an_audit(new_user(canonical(f"{other_local}@{other_host}{space}"), now=0)),
    )

    is_same = (_MAILBOXES[local], _HOSTS[host]) == (_MAILBOXES[other_local], _HOSTS[other_host])
    assert is_created != is_same
