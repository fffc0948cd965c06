"""The words of a letter: plain text by name, as the templates of a language set it.

`<language>/<kind>.jinja` has the words of one kind of letter, `<language>/words.jinja` those that all letters of the
language share. `<language>/time.jinja` says how a time is written.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from jinja2 import Environment, Template

from sallyport.accounts.letter import Letter
from sallyport.mail import shown
from sallyport.values import dataclass, field

FALLBACK = "en"
"""The language of a letter whose own has no words for it."""

OF_A_LETTER = frozenset({"subject", "preview", "heading", "body", "action", "otherwise"})
"""What a letter's own file sets. `action` labels its button; what has nothing to say sets nothing (`""`)."""

SHARED = frozenset(
    {"otherwise_heading", "link_label", "code_label", "secret", "at_label", "by_label", "ip_label", "device_label"}
    | {"operator", "small_print"}
)
"""What a language's `words.jinja` sets."""

_BY_OPERATORS = frozenset({"password_set", "account_disabled", "account_enabled"})


class WordsMissing(Exception):
    """A file of words does not set a name that it must."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The words of one letter. `own` has the names OF_A_LETTER, `shared` those of SHARED.

    `facts` hold the address, the link and the code, and words of the letter may repeat them.
    """

    language: str
    own: Mapping[str, str] = field(repr=False)
    shared: Mapping[str, str] = field(repr=False)
    facts: Mapping[str, Any] = field(repr=False)


def words_of(letter: Letter, templates: Environment, *, service: str, valid_seconds: int) -> Words:
    """Read the words of a letter. Raises WordsMissing, and jinja2.TemplateError for a template that is wrong."""
    own, language = _own(letter, templates)
    time = templates.get_template(f"{language}/time.jinja")
    facts = {
        "service": service,
        "to": letter.to,
        "at": _moment(time, letter.at),
        "until": _moment(time, letter.at + valid_seconds),
        "minutes": valid_seconds // 60,
        "link": letter.link,
        "code": shown.code(letter.code),
        "request": letter.request,
        "ip": shown.address(letter.ip),
        "device": shown.device(letter.user_agent),
        "by_operator": _is_by_operator(letter),
    }
    shared = templates.get_template(f"{language}/words.jinja")
    return Words(
        language=language,
        own=_read(own, facts, OF_A_LETTER),
        shared=_read(shared, facts, SHARED),
        facts=facts,
    )


def _is_by_operator(letter: Letter) -> bool:
    """Say whether an operator did what a notice tells of. Users delete their accounts, too, and from somewhere."""
    is_from_nowhere = not letter.ip and not letter.user_agent
    return letter.kind in _BY_OPERATORS or (letter.kind == "account_deleted" and is_from_nowhere)


def _own(letter: Letter, templates: Environment) -> tuple[Template, str]:
    spoken = f"{letter.language}/{letter.kind}.jinja"
    template = templates.select_template([spoken, f"{FALLBACK}/{letter.kind}.jinja"])
    return template, letter.language if template.name == spoken else FALLBACK


def _moment(time: Template, second: int) -> str:
    return time.render(at=datetime.fromtimestamp(second, UTC)).strip()


def _read(template: Template, facts: dict[str, Any], names: frozenset[str]) -> dict[str, str]:
    told = vars(template.make_module(facts))
    if missing := names - told.keys():
        raise WordsMissing(f"{template.name} does not set {', '.join(sorted(missing))}")
    return {name: str(told[name]).strip() for name in names}
