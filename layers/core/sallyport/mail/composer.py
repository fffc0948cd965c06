"""Composing: a letter becomes a mail, by the templates of one folder.

`layout.txt` and `layout.html` lay the same words out, so text and HTML cannot say different things. Words are plain
text, and only the layout of the HTML escapes.
"""

from pathlib import Path
from textwrap import fill

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined

from sallyport.accounts.letter import Letter
from sallyport.mail import shown
from sallyport.mail.mail import Mail, Sender
from sallyport.mail.words import Words, words_of
from sallyport.values import dataclass

OURS = Path(__file__).parent / "templates"
"""The templates that Sallyport ships."""

YOURS = Path(__file__).parents[2] / "mails"
"""The folder whose files replace ours of the same path: `layers/core/mails`, which Sallyport does not ship."""


class Composer:
    """Composes mails in the name of `service`. Compiles every template once.

    `valid_seconds` is how long the link and the code of a letter can be used, counted from the letter's `at`.
    """

    def __init__(self, *, service: str, valid_seconds: int, yours: Path = YOURS) -> None:
        self._service = shown.one_line(service)
        self._valid_seconds = valid_seconds
        loader = ChoiceLoader([FileSystemLoader(yours), FileSystemLoader(OURS)])
        self._plain = _environment(loader, escapes=False)
        self._html = _environment(loader, escapes=True)

    def compose(self, letter: Letter) -> Mail:
        """Put a letter into words of its language, or of English if the templates have no other.

        Raises WordsMissing and jinja2.TemplateError for templates that are wrong, ValueError for an address that no
        mail can be sent to.
        """
        words = words_of(letter, self._plain, service=self._service, valid_seconds=self._valid_seconds)
        subject = shown.one_line(words.own["subject"])
        content = {
            **words.facts,
            **words.own,
            "subject": subject,
            "language": words.language,
            "facts": _facts(letter, words),
            "words": words.shared,
        }
        return Mail(
            to=letter.to,
            subject=subject,
            text=self._plain.get_template("layout.txt").render(content).strip() + "\n",
            html=self._html.get_template("layout.html").render(content),
            headers=_headers(letter),
        )


@dataclass(frozen=True, slots=True)
class ComposedMailer:
    """Composes letters and sends them. Implements Mailer."""

    composer: Composer
    sender: Sender

    def send(self, letter: Letter) -> None:
        self.sender.send(self.composer.compose(letter))


def _environment(loader: ChoiceLoader, *, escapes: bool) -> Environment:
    templates = Environment(
        loader=loader,
        autoescape=escapes,  # noqa: S701  # words and texts are plain text
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters["paragraphs"] = _paragraphs
    templates.filters["wrapped"] = _wrapped
    return templates


def _paragraphs(text: str) -> list[str]:
    """Return the paragraphs of a text, each as one line. An empty line parts two of them."""
    return [" ".join(paragraph.split()) for paragraph in text.split("\n\n") if paragraph.strip()]


def _wrapped(paragraph: str) -> str:
    """Wrap a paragraph at the width of a letter. Words and links stay whole."""
    return fill(paragraph, width=72, break_long_words=False, break_on_hyphens=False)


def _facts(letter: Letter, words: Words) -> list[tuple[str, str]]:
    """Return what a notice tells of the change, as labels and values."""
    if letter.request:
        return []
    shared, facts = words.shared, words.facts
    rows = [
        (shared["at_label"], facts["at"]),
        (shared["by_label"], shared["operator"] if facts["by_operator"] else ""),
        (shared["ip_label"], facts["ip"]),
        (shared["device_label"], facts["device"]),
    ]
    return [(label, value) for label, value in rows if value]


def _headers(letter: Letter) -> dict[str, str]:
    """Return what keeps programs from answering, and Gmail from folding a new code under an old one.

    Bounces must still come, so `X-Auto-Response-Suppress` names every answer but those (NDR).
    """
    return {
        "Auto-Submitted": "auto-generated",  # RFC 3834 s5
        "X-Auto-Response-Suppress": "DR, RN, NRN, OOF, AutoReply",  # Exchange
        "X-Entity-Ref-ID": letter.request or f"{letter.kind}-{letter.at}",
    }
