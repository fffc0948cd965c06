"""The local server's outbox: what the mailer handed over, as JSON and as a page."""

import html
import json
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from dev.aws.cloud import Cloud, create_mail_identity
from dev.aws.recorded import RecordingClients
from dev.mail_samples import SERVICE, VALID_SECONDS, sample
from dev.outbox import Outbox
from sallyport.aws.ses import Ses
from sallyport.errors import Unavailable
from sallyport.mail.composer import Composer
from sallyport.mail.mail import Mail
from tests.support.builders import NOW, SECOND

MAIL = Composer(service=SERVICE, valid_seconds=VALID_SECONDS).compose(sample("verify_email"))


def sender(outbox: Outbox, address: str) -> Ses:
    clients = RecordingClients(outbox=outbox, clock=lambda: NOW * SECOND + 999)
    return Ses(clients.ses(), name="Acme", address=address, configuration_set="Mails")


def page(*mails: Mail) -> tuple[dict[str, str], str]:
    outbox = Outbox()
    for mail in mails:
        outbox.add(mail, at=NOW)
    response = outbox.page()
    assert response.status == 200
    return dict(response.headers), response.body.decode()


def test_the_outbox_has_everything_that_was_handed_over_to_ses(cloud: Cloud) -> None:
    create_mail_identity("no-reply@example.com")
    outbox = Outbox()

    sender(outbox, "no-reply@example.com").send(MAIL)

    assert json.loads(json.dumps(outbox.messages())) == {
        "messages": [
            {
                "to": "ann@example.com",
                "subject": MAIL.subject,
                "text": MAIL.text,
                "html": MAIL.html,
                "headers": {"From": "Acme <no-reply@example.com>", **MAIL.headers},
                "sent_at": NOW,
            }
        ]
    }


def test_a_mail_that_ses_refuses_is_not_in_the_outbox(cloud: Cloud) -> None:
    outbox = Outbox()

    with pytest.raises(Unavailable):
        sender(outbox, "no-reply@not-verified.example").send(MAIL)

    assert outbox.messages() == {"messages": []}


def test_mails_stand_in_the_order_in_which_they_were_sent_and_the_oldest_go() -> None:
    outbox = Outbox(kept=2)

    for subject in ("first", "second", "third"):
        outbox.add(replace(MAIL, subject=subject), at=NOW)

    assert [message["subject"] for message in outbox.messages()["messages"]] == ["second", "third"]


def test_many_threads_may_send_and_read() -> None:
    outbox = Outbox(kept=100)

    def send_and_read(_: int) -> int:
        outbox.add(MAIL, at=NOW)
        return len(outbox.messages()["messages"])

    with ThreadPoolExecutor(8) as threads:
        lengths = list(threads.map(send_and_read, range(400)))

    assert max(lengths) == 100
    assert len(outbox.messages()["messages"]) == 100


def test_the_page_lists_the_newest_first() -> None:
    _, body = page(replace(MAIL, subject="first"), replace(MAIL, subject="second"))

    assert re.findall(r'class="subject">(\w+)<', body) == ["second", "first"]
    assert body.count('<time datetime="2027-01-15T08:00:00Z">2027-01-15 08:00:00 UTC</time>') == 2


def test_the_page_of_an_empty_outbox_says_what_to_do() -> None:
    assert "No mail yet" in page()[1]


def test_a_mails_html_is_in_a_frame_that_runs_nothing() -> None:
    _, body = page(MAIL)

    ((attributes, source),) = re.findall(r'<iframe([^>]*) srcdoc="([^"]*)"></iframe>', body)

    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in attributes
    assert html.unescape(source).replace('<base target="_blank">', "") == MAIL.html


def test_links_of_the_text_can_be_followed() -> None:
    _, body = page(MAIL)

    link = sample("verify_email").link
    assert f'<a href="{link}" rel="noopener noreferrer" target="_blank">{link}</a>' in body


def test_a_policy_lets_the_page_load_and_run_nothing() -> None:
    headers, body = page(MAIL)

    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert "script-src" not in policy
    assert {policy[name] for name in ("base-uri", "form-action", "frame-ancestors")} == {"'none'"}
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    outside = re.sub(r'srcdoc="[^"]*"', "", body)
    assert not re.findall(r"""<script|\son\w+=|\sstyle=|@import|url\(|src=["']?(?:https?:)?//""", outside)


HOSTILE = """"><script>alert(1)</script><b>'&amp;"""


def test_nothing_of_a_mail_is_markup_of_the_page() -> None:
    hostile = Mail(to=HOSTILE, subject=HOSTILE, text=HOSTILE, html=HOSTILE, headers={"X-A": HOSTILE, HOSTILE: "b"})

    _, body = page(hostile)

    assert "<script" not in body
    assert "<b>" not in body
    assert html.unescape(body).count(HOSTILE) == 7  # the subject stands twice
