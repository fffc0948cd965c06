"""Settings: parsed once, every problem reported together."""

import pytest

from sallyport import gateway_settings, settings
from sallyport.errors import SettingsError
from sallyport.values import dataclass


@dataclass(frozen=True, kw_only=True)
class Everything(
    settings.Common,
    settings.Issuing,
    settings.TokenTimes,
    settings.Rotation,
    settings.Revocation,
    settings.Denials,
    settings.KeyMaking,
    settings.RevocationShards,
    settings.Browsers,
    settings.Proxy,
):
    """All groups together."""


REQUIRED = {"TABLE_NAME": "table", "KMS_KEY_ID": "key"}


def test_defaults_are_those_of_the_design() -> None:
    told = settings.parse(Everything, REQUIRED)

    assert (told.audience, told.client_id, told.signing_algorithm) == ("sallyport", "sallyport", "RS256")
    assert (told.access_token_seconds, told.session_seconds, told.session_idle_seconds) == (600, 2_592_000, 2_592_000)
    assert (told.refresh_leeway_seconds, told.clock_leeway_seconds, told.tokens_not_before) == (60, 30, 0)
    assert (told.revocation_mode, told.revocation_shards, told.issuer) == ("bounded", 1, None)
    assert told.unauthorized_as == "deny"


def test_an_empty_variable_counts_as_absent() -> None:
    told = settings.parse(Everything, {**REQUIRED, "ISSUER": "", "ACCESS_TOKEN_SECONDS": ""})

    assert (told.issuer, told.access_token_seconds) == (None, 600)


def test_every_problem_is_reported_together_and_by_name() -> None:
    wrong = {"KMS_KEY_ID": "key", "ACCESS_TOKEN_SECONDS": "59", "REVOCATION_MODE": "sometimes", "ISSUER": "example.com"}

    with pytest.raises(SettingsError) as refused:
        settings.parse(Everything, wrong)

    assert set(refused.value.problems) == {
        "TABLE_NAME is missing",
        "ACCESS_TOKEN_SECONDS must be a whole number from 60 to 3600",
        "REVOCATION_MODE must be one of bounded, strict, stateless",
        "ISSUER must be an http(s) URL without query or fragment",
    }


@pytest.mark.parametrize("value", ["60", "3600"])
def test_the_ends_of_a_range_are_allowed(value: str) -> None:
    assert settings.parse(Everything, {**REQUIRED, "ACCESS_TOKEN_SECONDS": value}).access_token_seconds == int(value)


@pytest.mark.parametrize("value", ["59", "3601", "-600", "6e2", "600.0", " 600", "٦٠٠", "9" * 5000])
def test_what_is_not_a_whole_number_in_range_is_refused(value: str) -> None:
    with pytest.raises(SettingsError):
        settings.parse(Everything, {**REQUIRED, "ACCESS_TOKEN_SECONDS": value})


def test_an_issuer_never_ends_in_a_slash() -> None:
    assert settings.parse(Everything, {**REQUIRED, "ISSUER": "https://auth.example.com/"}).issuer == (
        "https://auth.example.com"
    )


@pytest.mark.parametrize("setting", ["SESSION_SECONDS", "SESSION_IDLE_SECONDS"])
def test_a_session_outlasts_the_leeway_in_which_it_is_not_extended(setting: str) -> None:
    leeway = {**REQUIRED, "REFRESH_LEEWAY_SECONDS": "600"}
    assert settings.parse(Everything, {**leeway, setting: "1200"}).refresh_leeway_seconds == 600

    with pytest.raises(SettingsError, match="at least twice REFRESH_LEEWAY_SECONDS"):
        settings.parse(Everything, {**leeway, setting: "1199"})


@pytest.mark.parametrize(
    ("value", "origins"),
    [
        ("", ()),
        ("https://app.example.com", ("https://app.example.com",)),
        ("https://a.example, http://127.0.0.1:5173", ("https://a.example", "http://127.0.0.1:5173")),
    ],
)
def test_origins_are_a_list(value: str, origins: tuple[str, ...]) -> None:
    assert settings.parse(Everything, {**REQUIRED, "ALLOWED_ORIGINS": value}).allowed_origins == origins


@pytest.mark.parametrize(
    "value",
    ["*", "null", "example.com", "https://*.example.com", "https://a.example/", "https://a.example;b", "ftp://a"],
)
def test_what_is_no_origin_is_refused(value: str) -> None:
    with pytest.raises(SettingsError, match="ALLOWED_ORIGINS must be origins"):
        settings.parse(Everything, {**REQUIRED, "ALLOWED_ORIGINS": f"https://good.example,{value}"})


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("", ("traceparent", "tracestate", "baggage", "sentry-trace")),
        ("Traceparent, X-Datadog-Trace-Id", ("traceparent", "x-datadog-trace-id")),
    ],
)
def test_pages_may_send_the_headers_that_are_listed(value: str, names: tuple[str, ...]) -> None:
    assert settings.parse(gateway_settings.PageHeaders, {"ALLOWED_HEADERS": value}).allowed_headers == names


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("*", "must be names of headers"),
        ("baggage,", "must be names of headers"),
        ("bag gage", "must be names of headers"),
        ("baggage;x", "must be names of headers"),
        ("baggage\nx-a", "must be names of headers"),
        ("bäggage", "must be names of headers"),
        ("x" * 65, "must be names of headers"),
        ("baggage,Baggage", "must name each header once"),
        ("baggage,Authorization", "must name each header once, and none of authorization, content-type"),
        ("X-Sallyport-CSRF", "must name each header once, and none of authorization, content-type"),
        ("X-Sallyport-Origin", "must not name x-sallyport-origin: only a proxy sends it"),
        ("baggage,x-forwarded-for", "must not name x-forwarded-for: only a proxy sends it"),
    ],
)
def test_what_no_page_needs_to_send_is_refused(value: str, problem: str) -> None:
    with pytest.raises(SettingsError, match=f"ALLOWED_HEADERS {problem}"):
        settings.parse(gateway_settings.PageHeaders, {"ALLOWED_HEADERS": value})


_CERTIFICATE = "arn:aws:acm:eu-central-1:123456789012:certificate/0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
_NAMED = {"DOMAIN_NAME": "auth.example.com", "CERTIFICATE_ARN": _CERTIFICATE}


@pytest.mark.parametrize(
    "domain",
    [
        {},
        _NAMED,
        {**_NAMED, "HOSTED_ZONE_ID": "Z0123456789ABCDEFGHIJ", "EXECUTE_API": "closed", "AWS_REGION": "eu-central-1"},
        {**_NAMED, "CERTIFICATE_ARN": _CERTIFICATE.replace("arn:aws:", "arn:aws-us-gov:")},
    ],
)
def test_a_domain_is_a_name_with_its_certificate(domain: dict[str, str]) -> None:
    told = settings.parse(gateway_settings.Domain, domain)

    assert (told.domain_name or "", told.certificate_arn or "") == (
        domain.get("DOMAIN_NAME", ""),
        domain.get("CERTIFICATE_ARN", ""),
    )


@pytest.mark.parametrize(
    ("domain", "problem"),
    [
        ({"DOMAIN_NAME": "auth.example.com"}, "DOMAIN_NAME and CERTIFICATE_ARN must be set together"),
        ({"CERTIFICATE_ARN": _CERTIFICATE}, "DOMAIN_NAME and CERTIFICATE_ARN must be set together"),
        ({"HOSTED_ZONE_ID": "Z1"}, "HOSTED_ZONE_ID needs a DOMAIN_NAME"),
        ({"EXECUTE_API": "closed"}, "EXECUTE_API=closed needs a DOMAIN_NAME"),
        ({"EXECUTE_API": "true"}, "EXECUTE_API must be one of open, closed"),
        ({**_NAMED, "AWS_REGION": "us-east-1"}, "must be in us-east-1, the API's own Region, not in eu-central-1"),
        ({**_NAMED, "DOMAIN_NAME": "*.example.com"}, "DOMAIN_NAME must be a name such as auth.example.com"),
        ({**_NAMED, "DOMAIN_NAME": "Auth.example.com"}, "DOMAIN_NAME must be a name such as auth.example.com"),
        ({**_NAMED, "DOMAIN_NAME": "https://auth.example.com"}, "DOMAIN_NAME must be a name such as"),
        ({**_NAMED, "DOMAIN_NAME": "localhost"}, "DOMAIN_NAME must be a name such as auth.example.com"),
        ({**_NAMED, "DOMAIN_NAME": f"{'a.' * 126}ab"}, "DOMAIN_NAME must be a name such as auth.example.com"),
        ({**_NAMED, "CERTIFICATE_ARN": "0f1e2d3c"}, "CERTIFICATE_ARN must be the ARN of a certificate in ACM"),
    ],
)
def test_a_domain_that_could_not_be_served_is_named(domain: dict[str, str], problem: str) -> None:
    with pytest.raises(SettingsError, match=problem):
        settings.parse(gateway_settings.Domain, domain)


def test_an_audience_is_never_taken_for_a_machine() -> None:
    with pytest.raises(SettingsError, match="AUDIENCE must not begin with c_"):
        settings.parse(Everything, {**REQUIRED, "AUDIENCE": "c_orders"})


_MAILING = {"APP_URL": "https://app.example.com", "MAIL_CONFIGURATION_SET": "mails"}


@pytest.mark.parametrize("address", ["no-reply@example.com", "a.b+c@mail.example.co.uk"])
def test_mails_come_from_an_address(address: str) -> None:
    assert settings.parse(settings.Mailing, {**_MAILING, "MAIL_FROM": address}).mail_from == address


@pytest.mark.parametrize("address", [
    "a..b@example.com", ".a@example.com", "a.@example.com", "a@localhost", "a@-x.com", "a@x..com",
    "A <a@example.com>", "a@example.com\n", "",
])  # fmt: skip
def test_what_no_mail_can_come_from_is_refused_before_a_mailer_runs(address: str) -> None:
    with pytest.raises(SettingsError) as refused:
        settings.parse(settings.Mailing, {**_MAILING, "MAIL_FROM": address})

    assert refused.value.problems == ("MAIL_FROM must be an e-mail address such as no-reply@example.com",)


_SECRET, _NEXT_SECRET = "6d1f0c8b5a7e4293b0c1d2e3f4a59687", "Zk3-x_Q9.v~T7mW2bN5rL8cH1yF4pD6s"
_HEADER = {"TRUSTED_ADDRESS_HEADER": "CloudFront-Viewer-Address"}


def test_a_proxy_is_trusted_by_header_and_secret() -> None:
    told = settings.parse(settings.Proxy, {**_HEADER, "ORIGIN_SECRET": f"{_SECRET},{_NEXT_SECRET}"})

    assert told.trusted_address_header == "cloudfront-viewer-address"
    assert told.origin_secret == (_SECRET, _NEXT_SECRET)
    assert _SECRET not in repr(told)
    nothing = settings.parse(settings.Proxy, {})
    assert (nothing.trusted_address_header, nothing.origin_secret) == (None, ())


@pytest.mark.parametrize("alone", [_HEADER, {"ORIGIN_SECRET": _SECRET}, {**_HEADER, "ORIGIN_SECRET": ""}])
def test_of_header_and_secret_neither_is_taken_without_the_other(alone: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="TRUSTED_ADDRESS_HEADER and ORIGIN_SECRET must be set together"):
        settings.parse(Everything, {**REQUIRED, **alone})


def test_contradictions_of_several_settings_are_reported_together() -> None:
    with pytest.raises(SettingsError) as refused:
        settings.parse(Everything, {**REQUIRED, **_HEADER, "SESSION_SECONDS": "100"})

    assert len(refused.value.problems) == 2


@pytest.mark.parametrize(
    "header",
    [
        "X-Forwarded-For",
        "forwarded",
        "X-Sallyport-Origin",
        "Viewer Address",
        "viewer:",
        "1st",
        "x_viewer",
        "a" * 65,
        "ü",
    ],
)
def test_a_header_that_any_client_may_fill_or_that_is_none_is_refused(header: str) -> None:
    with pytest.raises(SettingsError, match="TRUSTED_ADDRESS_HEADER must be the name of a header that your proxy sets"):
        settings.parse(settings.Proxy, {"TRUSTED_ADDRESS_HEADER": header, "ORIGIN_SECRET": _SECRET})


@pytest.mark.parametrize(("length", "is_good"), [(31, False), (32, True), (128, True), (129, False)])
def test_an_origin_secret_is_of_32_to_128_characters(length: int, *, is_good: bool) -> None:
    secret = f"{_SECRET}{_NEXT_SECRET}{_SECRET[:9]}{_NEXT_SECRET}{_SECRET}"[:length]
    if is_good:
        assert settings.parse(settings.Proxy, {**_HEADER, "ORIGIN_SECRET": secret}).origin_secret == (secret,)
        return
    with pytest.raises(SettingsError, match="each of 32 to 128 letters"):
        settings.parse(settings.Proxy, {**_HEADER, "ORIGIN_SECRET": secret})


@pytest.mark.parametrize(
    "secret",
    [
        f"{_SECRET},", f",{_SECRET}", f"{_SECRET}, {_NEXT_SECRET}", f"{_SECRET},{_NEXT_SECRET},{_SECRET}x",
        f"{_SECRET};{_NEXT_SECRET}", f" {_SECRET}", f"{_SECRET}\n", f"{_SECRET}=", f"{_SECRET}ü", "0" * 32,
        "sallyport" * 4, "0123456789abcdef" * 2, "abcdefg" + "a" * 25, f"{_SECRET},{'a' * 40}",
    ],
)  # fmt: skip
def test_an_origin_secret_that_is_weak_or_of_another_form_is_refused_and_not_shown(secret: str) -> None:
    with pytest.raises(SettingsError, match=r"^ORIGIN_SECRET must be") as refused:
        settings.parse(settings.Proxy, {**_HEADER, "ORIGIN_SECRET": secret})

    assert not any(part in str(refused.value) for part in secret.split(",") if len(part) > 8)
