"""What mails say: the same as text and as HTML, and nothing that somebody else has put into them."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, get_args

import pytest
from jinja2 import UndefinedError

from dev.mail_samples import SERVICE, VALID_SECONDS, languages, sample
from sallyport.accounts.letter import LetterKind
from sallyport.errors import Unavailable
from sallyport.mail import shown
from sallyport.mail.composer import OURS, YOURS, ComposedMailer, Composer
from sallyport.mail.mail import Mail
from sallyport.mail.words import WordsMissing

KINDS: tuple[LetterKind, ...] = get_args(LetterKind)
WITH_A_LINK: tuple[LetterKind, ...] = ("verify_email", "reset_password", "confirm_email")
REQUESTS: tuple[LetterKind, ...] = (*WITH_A_LINK, "address_known")
NOTICES = tuple(kind for kind in KINDS if kind not in REQUESTS)
OF_OPERATORS: tuple[LetterKind, ...] = ("password_set", "account_disabled", "account_enabled")
LANGUAGES = ("de", "en")

EVERY_MAIL = [(kind, language) for kind in KINDS for language in LANGUAGES]
ASKED_AT = {"en": "26 November 2026, 14:02 UTC", "de": "26. November 2026, 14:02 Uhr (UTC)"}
VALID_UNTIL = {"en": "26 November 2026, 14:32 UTC", "de": "26. November 2026, 14:32 Uhr (UTC)"}
OPERATOR = {"en": "an operator of Example", "de": "Administration von Example"}

INJECTIONS = ["\r\nBcc: eve@example.com", "\nBcc: eve@example.com", "\r\rBcc: eve@example.com", "\x0b\x85\u2028Bcc: x"]


class Page(HTMLParser):
    """What a mail program shows of HTML: the text, and where links lead."""

    VOID = {"meta", "br"}

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._texts: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self._open:
            self._texts.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self._texts).split())

    @property
    def links(self) -> set[str | None]:
        return {attributes.get("href") for tag, attributes in self.tags if tag == "a"}


@pytest.fixture(scope="module")
def composer(tmp_path_factory: pytest.TempPathFactory) -> Composer:
    """Compiles its templates once, as a mailer does."""
    return Composer(service=SERVICE, valid_seconds=VALID_SECONDS, yours=tmp_path_factory.mktemp("no-templates"))


def one_line(text: str) -> str:
    return " ".join(text.split())


def squeezed(text: str) -> str:
    """Return a text without white space, and without the colons that part a label from what it names."""
    return re.sub(r"[\s:]", "", text)


def shown_in(mail: Mail) -> tuple[str, str]:
    """Return what text and HTML say, each as one line."""
    return one_line(mail.text), Page(mail.html).text


# What every mail says


def test_the_samples_are_of_every_language() -> None:
    assert tuple(languages()) == LANGUAGES


@pytest.mark.parametrize(("kind", "language"), EVERY_MAIL)
def test_every_line_of_the_text_stands_in_the_html(composer: Composer, kind: LetterKind, language: str) -> None:
    mail = composer.compose(sample(kind, language))
    page = squeezed(Page(mail.html).text)

    for line in mail.text.replace("\n-- \n", "\n").splitlines():
        assert squeezed(line) in page


@pytest.mark.parametrize(("kind", "language"), EVERY_MAIL)
def test_every_mail_names_service_mailbox_and_second(composer: Composer, kind: LetterKind, language: str) -> None:
    mail = composer.compose(sample(kind, language))

    assert SERVICE in mail.subject
    for body in shown_in(mail):
        assert body.count("ann@example.com") >= 1
        assert ASKED_AT[language] in body
        assert SERVICE in body


@pytest.mark.parametrize(("kind", "language"), EVERY_MAIL)
def test_no_mail_shows_a_template_or_an_undefined_value(composer: Composer, kind: LetterKind, language: str) -> None:
    mail = composer.compose(sample(kind, language))

    for body in (mail.subject, mail.text, mail.html):
        assert not re.search(r"\{[{%#]|[}%#]\}|Undefined|None\b", body)


@pytest.mark.parametrize(("kind", "language"), EVERY_MAIL)
def test_text_holds_no_markup_and_fits_the_window_but_for_links_and_devices(
    composer: Composer, kind: LetterKind, language: str
) -> None:
    mail = composer.compose(sample(kind, language))

    assert not re.search(r"[<>]|&\w+;", mail.text)
    assert "\n\n\n" not in mail.text
    long = [line for line in mail.text.splitlines() if len(line) > 72]
    assert all("https://" in line or "Mozilla" in line for line in long)


@pytest.mark.parametrize(("kind", "language"), EVERY_MAIL)
def test_html_loads_nothing_and_runs_nothing(composer: Composer, kind: LetterKind, language: str) -> None:
    page = Page(composer.compose(sample(kind, language)).html)

    assert {tag for tag, _ in page.tags} <= {
        *(
            "html",
            "head",
            "meta",
            "title",
            "style",
            "body",
            "div",
            "table",
            "tr",
            "td",
            "th",
            "p",
            "h1",
            "h2",
            "a",
            "br",
        )
    }
    loading = {"src", "srcset", "background", "onclick", "onload", "http-equiv"}
    assert not [tag for tag, attributes in page.tags if loading & attributes.keys()]
    assert not [tag for tag, attributes in page.tags if "url(" in str(attributes) or "@import" in str(attributes)]


@pytest.mark.parametrize(("kind", "language"), EVERY_MAIL)
def test_html_can_be_read_by_screen_readers_and_in_the_dark(
    composer: Composer, kind: LetterKind, language: str
) -> None:
    html = composer.compose(sample(kind, language)).html
    page = Page(html)

    assert [attributes["lang"] for tag, attributes in page.tags if tag == "html"] == [language]
    assert [tag for tag, _ in page.tags].count("h1") == 1
    tables = [attributes for tag, attributes in page.tags if tag == "table" and attributes.get("role") is None]
    assert len(tables) == (kind in NOTICES)
    assert '<meta name="color-scheme" content="light dark">' in html
    assert "@media (prefers-color-scheme: dark)" in html


# Requests


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", WITH_A_LINK)
def test_a_request_with_a_proof_has_its_link_and_its_code(composer: Composer, kind: LetterKind, language: str) -> None:
    letter = sample(kind, language)

    mail = composer.compose(letter)

    assert letter.link in mail.text.splitlines()  # whole, on a line of its own
    assert "4821 0573" in mail.text.splitlines()
    assert Page(mail.html).links == {letter.link}
    for body in shown_in(mail):
        assert body.count("4821 0573") == 1
        assert letter.link in body
        assert VALID_UNTIL[language] in body
        assert "30 minutes" in body or "30 Minuten" in body
        assert re.search(
            r"Nobody from Example will ever ask you|Niemand von Example wird Sie je nach dem Code fragen", body
        )


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", WITH_A_LINK)
def test_a_letter_without_a_code_says_nothing_of_codes(composer: Composer, kind: LetterKind, language: str) -> None:
    letter = replace(sample(kind, language), code="")

    mail = composer.compose(letter)

    for body in (mail.subject, *shown_in(mail)):
        assert not re.search(r"\bcode\b", body, re.IGNORECASE)
    assert Page(mail.html).links == {letter.link}
    assert VALID_UNTIL[language] in mail.text.replace("\n", " ")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", REQUESTS)
def test_the_mail_of_a_request_names_its_id(composer: Composer, kind: LetterKind, language: str) -> None:
    letter = sample(kind, language)

    mail = composer.compose(letter)

    for body in shown_in(mail):
        assert letter.request in body


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in WITH_A_LINK])
def test_other_letters_have_neither_link_nor_code(composer: Composer, kind: LetterKind, language: str) -> None:
    mail = composer.compose(sample(kind, language))

    assert Page(mail.html).links == set()
    for body in shown_in(mail):
        assert not re.search(r"https?:|\bcode\b|\blink\b|\d{4} \d{4}", body, re.IGNORECASE)


@pytest.mark.parametrize(
    ("seconds", "minutes"),
    [(600, "10 minutes, until 26 November 2026, 14:12"), (3600, "60 minutes, until 26 November 2026, 15:02")],
)
def test_how_long_a_link_works_is_what_the_composer_was_told(tmp_path: Path, seconds: int, minutes: str) -> None:
    mail = Composer(service=SERVICE, valid_seconds=seconds, yours=tmp_path).compose(sample("reset_password"))

    assert minutes in one_line(mail.text)


# Notices


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", [kind for kind in NOTICES if kind not in OF_OPERATORS])
def test_a_notice_says_where_the_change_came_from(composer: Composer, kind: LetterKind, language: str) -> None:
    letter = sample(kind, language)

    for body in shown_in(composer.compose(letter)):
        assert letter.ip in body
        assert letter.user_agent in body
        assert OPERATOR[language] not in body


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", OF_OPERATORS)
def test_a_notice_of_what_an_operator_did_says_so(composer: Composer, kind: LetterKind, language: str) -> None:
    for body in shown_in(composer.compose(sample(kind, language))):
        assert OPERATOR[language] in body
        assert not re.search(r"IP.[Aa]d|Device|Gerät ", body)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_deletion_from_nowhere_was_an_operators(composer: Composer, language: str) -> None:
    letter = replace(sample("account_deleted", language), ip="", user_agent="")

    for body in shown_in(composer.compose(letter)):
        assert OPERATOR[language] in body
        assert "password" not in body
        assert "Passwort" not in body


@pytest.mark.parametrize(("field", "label"), [("ip", "IP address"), ("user_agent", "Device")])
def test_a_notice_leaves_out_what_nobody_knows(composer: Composer, field: str, label: str) -> None:
    unknown: dict[str, Any] = {field: ""}

    for known in (sample("password_changed"), sample("account_deleted")):
        unknowing = replace(known, **unknown)
        assert all(label in body for body in shown_in(composer.compose(known)))
        assert not any(label in body for body in shown_in(composer.compose(unknowing)))
        assert not any(OPERATOR["en"] in body for body in shown_in(composer.compose(unknowing)))


# What others may not do


HOSTILE = "<img src=x onerror=alert(1)> \"&quot; ' </td><script>"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_hostile_user_agent_stays_text(composer: Composer, language: str) -> None:
    mail = composer.compose(replace(sample("password_changed", language), user_agent=HOSTILE))

    page = Page(mail.html)
    assert HOSTILE in page.text
    assert not {"img", "script"} & {tag for tag, _ in page.tags}


def test_nobody_puts_a_link_or_a_line_into_a_mail_by_what_they_are_called(composer: Composer) -> None:
    letter = replace(sample("password_changed"), user_agent="Visit https://evil.example\nnow", ip="evil.example\nnow")

    mail = composer.compose(letter)

    for body in (mail.text, mail.html):
        assert "evil" not in body
        assert "Visit ... now" in body


def test_a_long_address_stays_whole_in_the_text(composer: Composer) -> None:
    address = f"{'long-' * 12}address@example.com"

    mail = composer.compose(replace(sample("verify_email"), to=address))

    assert mail.text.count(address) == 2


@pytest.mark.parametrize("kind", KINDS)
def test_a_hostile_address_service_and_link_stay_text(tmp_path: Path, kind: LetterKind) -> None:
    address = '"<b>\'&amp;"@example.com'
    composer = Composer(service="<i>A&B</i>", valid_seconds=1800, yours=tmp_path)
    letter = replace(sample(kind), to=address)
    letter = replace(letter, link='https://x.example/"><b>' if letter.link else "")

    page = Page(composer.compose(letter).html)

    assert address in page.text
    assert "<i>A&B</i>" in page.text
    assert not {"b", "i"} & {tag for tag, _ in page.tags}


@pytest.mark.parametrize("injection", INJECTIONS)
@pytest.mark.parametrize("field", ["request", "link", "code", "ip", "user_agent"])
@pytest.mark.parametrize("kind", ["reset_password", "password_changed"])
def test_no_field_of_a_letter_adds_a_header(composer: Composer, kind: LetterKind, field: str, injection: str) -> None:
    changes: dict[str, Any] = {field: f"x{injection}"}
    letter = replace(sample(kind), **changes)

    try:
        mail = composer.compose(letter)
    except ValueError:
        return
    for line in (mail.to, mail.subject, *mail.headers, *mail.headers.values()):
        assert line.isprintable()


@pytest.mark.parametrize("injection", INJECTIONS)
def test_a_letter_to_an_address_with_a_line_break_is_refused(composer: Composer, injection: str) -> None:
    with pytest.raises(ValueError, match="'to' holds a control character"):
        composer.compose(replace(sample("reset_password"), to=f"ann@example.com{injection}"))


@pytest.mark.parametrize("injection", INJECTIONS)
def test_a_service_name_with_a_line_break_is_one_line(tmp_path: Path, injection: str) -> None:
    mail = Composer(service=f"Example{injection}", valid_seconds=1800, yours=tmp_path).compose(sample("verify_email"))

    assert mail.subject.isprintable()
    assert mail.text.splitlines()[0] == " ".join(f"Example{injection}".split())


@pytest.mark.parametrize("place", ["to", "subject", "headers"])
def test_no_mail_has_a_head_with_a_line_break(place: str) -> None:
    good: dict[str, Any] = {"to": "ann@example.com", "subject": "s", "text": "t", "html": "h", "headers": {"X-A": "a"}}
    bad = {"to": "a\nb", "subject": "a\rb", "headers": {"X-A": "a\r\nBcc: b"}}

    Mail(**good)
    with pytest.raises(ValueError, match="control character"):
        Mail(**good | {place: bad[place]})


def test_a_mail_and_a_letter_are_logged_without_what_they_say() -> None:
    letter = sample("reset_password")
    mail = Mail(to=letter.to, subject="s", text=letter.code, html=letter.link, headers={})

    for value in (repr(letter), repr(mail)):
        assert letter.to not in value
        assert letter.code not in value
        assert letter.link not in value


@pytest.mark.parametrize(
    ("user_agent", "line"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:143.0)", "Mozilla/5.0 (X11; Linux x86_64; rv:143.0)"),
        ("python-requests/2.32.5", "python-requests/2.32.5"),
        ("a\r\n\tb\x00c\u202ed", "a bcd"),
        ("call us: https://evil.example/login now", "call us: ... now"),
        ("see evil.example/login, or www.EVIL.example", "see ... or ..."),
        ("tel:1 mail eve@evil.example", "tel:1 mail eve@..."),
        ("ünï", "?n?"),
        ("", ""),
        ("a" * 160, "a" * 160),
        ("a" * 161, "a" * 160 + "..."),
        ("a" * 9000, "a" * 160 + "..."),
    ],
)
def test_a_user_agent_is_shown_as_one_short_line_without_links(user_agent: str, line: str) -> None:
    assert shown.device(user_agent) == line


@pytest.mark.parametrize(
    ("ip", "line"),
    [("192.0.2.7", "192.0.2.7"), ("2001:DB8:0::1", "2001:db8::1"), ("192.0.2.7\r\n", ""), ("<b>", ""), ("", "")],
)
def test_only_an_ip_address_is_shown_as_one(ip: str, line: str) -> None:
    assert shown.address(ip) == line


# Headers


def test_no_program_answers_a_mail_but_bounces_come(composer: Composer) -> None:
    headers = composer.compose(sample("verify_email")).headers

    assert headers["Auto-Submitted"] == "auto-generated"
    assert "NDR" not in headers["X-Auto-Response-Suppress"]
    assert {"OOF", "AutoReply"} <= set(headers["X-Auto-Response-Suppress"].split(", "))


def test_no_two_mails_are_folded_into_one(composer: Composer) -> None:
    first, second = sample("verify_email"), replace(sample("verify_email"), request="another")
    notice, later = sample("password_changed"), replace(sample("password_changed"), at=1)

    references = {composer.compose(letter).headers["X-Entity-Ref-ID"] for letter in (first, second, notice, later)}

    assert len(references) == 4


@pytest.mark.parametrize("kind", KINDS)
def test_headers_are_such_as_ses_takes(composer: Composer, kind: LetterKind) -> None:
    for name, value in composer.compose(sample(kind)).headers.items():
        assert re.fullmatch(r"[!-9;-@A-~]{1,126}", name)
        assert re.fullmatch(r"[ -~]{1,870}", value)


# Languages, and templates of one's own


@pytest.mark.parametrize("language", ["fr", "", "../en", "en/../en", "EN"])
def test_a_language_without_words_is_english(composer: Composer, language: str) -> None:
    mail = composer.compose(sample("verify_email", language))

    assert mail == composer.compose(sample("verify_email", "en"))


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_one_file_of_yours_replaces_ours_and_the_rest_stays(tmp_path: Path) -> None:
    words = (OURS / "en/verify_email.jinja").read_text()
    changed = words.replace("Confirm your address", "Welcome aboard")
    write(tmp_path, en__verify_email_dot_jinja=changed)
    composer = Composer(service=SERVICE, valid_seconds=1800, yours=tmp_path)

    mail = composer.compose(sample("verify_email"))

    for body in shown_in(mail):
        assert "Welcome aboard" in body
        assert "4821 0573" in body
    assert "Confirm your new address" in composer.compose(sample("confirm_email")).text


def test_a_layout_of_yours_lays_out_our_words(tmp_path: Path) -> None:
    write(tmp_path, layout_dot_html="<p>{{ service }}</p><b>{{ heading }}</b>")

    mail = Composer(service="A&B", valid_seconds=1800, yours=tmp_path).compose(sample("verify_email"))

    assert mail.html == "<p>A&amp;B</p><b>Confirm your address</b>"


def test_words_in_another_language_are_a_folder_of_yours_and_the_rest_is_english(tmp_path: Path) -> None:
    for name in ("verify_email", "words", "time"):
        write(tmp_path, **{f"fr__{name}_dot_jinja": (OURS / f"de/{name}.jinja").read_text()})
    composer = Composer(service=SERVICE, valid_seconds=1800, yours=tmp_path)

    french, english = (composer.compose(sample(kind, "fr")) for kind in ("verify_email", "reset_password"))

    assert "Bestätigen Sie" in french.text
    assert '<html lang="fr"' in french.html
    assert "Choose a new password" in english.text
    assert '<html lang="en"' in english.html


def test_words_that_lack_one_are_named(tmp_path: Path) -> None:
    write(tmp_path, en__verify_email_dot_jinja="{% set subject %}s{% endset %}")
    composer = Composer(service=SERVICE, valid_seconds=1800, yours=tmp_path)

    with pytest.raises(WordsMissing, match=r"en/verify_email.jinja does not set action, body, heading"):
        composer.compose(sample("verify_email"))


def test_a_word_that_no_letter_knows_is_an_error(tmp_path: Path) -> None:
    write(tmp_path, layout_dot_txt="{{ nobody_set_this }}")

    with pytest.raises(UndefinedError, match="nobody_set_this"):
        Composer(service=SERVICE, valid_seconds=1800, yours=tmp_path).compose(sample("verify_email"))


def test_templates_are_compiled_once(tmp_path: Path) -> None:
    mine = tmp_path / "layout.html"
    mine.write_text("first")
    composer = Composer(service=SERVICE, valid_seconds=1800, yours=tmp_path)
    composer.compose(sample("verify_email"))

    mine.write_text("second")

    assert composer.compose(sample("reset_password")).html == "first"


# Handing over


class Sent(list[Mail]):
    """Keeps what it is to send. Implements Sender."""

    def send(self, mail: Mail) -> None:
        self.append(mail)


class Down:
    """A Sender that cannot send."""

    def send(self, mail: Mail) -> None:
        raise Unavailable


def test_a_letter_is_composed_and_sent(composer: Composer) -> None:
    sent = Sent()

    ComposedMailer(composer, sent).send(sample("reset_password", "de"))

    assert sent == [composer.compose(sample("reset_password", "de"))]


def test_a_letter_that_cannot_be_sent_is_unavailable(composer: Composer) -> None:
    with pytest.raises(Unavailable):
        ComposedMailer(composer, Down()).send(sample("reset_password"))


def test_the_layer_ships_the_templates() -> None:
    """And a company's folder beside the package, where there is one."""
    makefile = (OURS.parents[2] / "Makefile").read_text()

    assert OURS.parents[2] / "mails" == YOURS
    assert 'cp -R sallyport "$(PACKAGES)/"' in makefile
    assert 'if [ -d mails ]; then cp -R mails "$(PACKAGES)/"; fi' in makefile


def test_a_letter_of_every_kind_has_words_in_every_language() -> None:
    for language in LANGUAGES:
        words = {path.stem for path in (OURS / language).iterdir()}
        assert words == {*KINDS, "words", "time"}
