"""Errors as clients see them (RFC 9457): the table from error code to status."""

from collections.abc import Mapping
from typing import Any

from sallyport.errors import InvalidRequest, InvalidToken, ProofRejected, SallyportError, WrongPassword
from sallyport.http.request import Request
from sallyport.http.response import Response
from sallyport.values import replace

PROBLEMS: Mapping[str, tuple[int, str, str]] = {
    "invalid_json": (400, "Bad Request", "The body must be one JSON object in UTF-8, without duplicate names."),
    "invalid_request": (400, "Bad Request", "A field is missing or wrong; see errors."),
    "unknown_field": (400, "Bad Request", "The body has a field that this endpoint does not know; see errors."),
    "invalid_email": (400, "Bad Request", "This is not an e-mail address that we accept."),
    "password_too_short": (400, "Bad Request", "The new password is too short; see errors."),
    "password_too_long": (400, "Bad Request", "The password is too long; see errors."),
    "password_common": (400, "Bad Request", "The new password is one that is guessed first; see errors."),
    "password_breached": (400, "Bad Request", "The new password is known from a data breach; see errors."),
    "payload_too_large": (413, "Content Too Large", "The body may have 16 KB at most."),
    "unsupported_media_type": (415, "Unsupported Media Type", "Send application/json in UTF-8, uncompressed."),
    "ambiguous_credentials": (
        400,
        "Bad Request",
        "Send one credential: the cookie, or a token in the body, or a Bearer.",
    ),
    "csrf_rejected": (
        403,
        "Forbidden",
        "With a cookie, send X-Sallyport-CSRF: 1 from an allowed Origin.",
    ),
    "origin_rejected": (403, "Forbidden", "Requests are served only through the service's public address."),
    "invalid_credentials": (401, "Unauthorized", "The e-mail address or the password is wrong."),
    "invalid_grant": (401, "Unauthorized", "The refresh token is invalid, expired or revoked. Log in again."),
    "invalid_token": (401, "Unauthorized", "The access token is invalid, expired or revoked."),
    "registration_closed": (403, "Forbidden", "Nobody can register here at present."),
    "role_missing": (403, "Forbidden", "This needs a role that the user has not."),
    "too_many_attempts": (429, "Too Many Requests", "Too many attempts. Wait as long as Retry-After says."),
    "superseded": (409, "Conflict", "This refresh token was just replaced. Use the newer one that you hold."),
    "service_unavailable": (503, "Service Unavailable", "A part of the service is not available. Try again."),
    "internal_error": (500, "Internal Server Error", "Something went wrong on our side."),
}


NOT_AT_LOGIN: Mapping[type[SallyportError], tuple[int, str, str]] = {
    WrongPassword: (403, "Forbidden", "The password is wrong."),
    ProofRejected: (400, "Bad Request", "This link or code is not valid, or not any more. Ask for another mail."),
}
"""Errors whose code means something else than in PROBLEMS: no token and no login is wrong, and neither would help."""

ANSWERS_TOKENS = ("POST /auth/login", "POST /auth/refresh", "POST /auth/password/change")
"""Routes that OAuth libraries call. To such a library a 4xx without `error` is a success (RFC 6749 s5.2)."""

_NO_TOKEN = ("authorization", "caller")
"""Reasons of an InvalidToken for a request without a token. The challenge then names no error (RFC 6750 s3.1)."""

_NOT_OAUTH = (409, 429, 503)  # a library would give the token up; these say that it is still good


def problem(error: Exception, request: Request) -> Response:
    """Return the response that tells a client of `error`, with its outcome and trail for the log.

    An error that is not one of ours, or that no client should meet, is `internal_error`.
    """
    if not isinstance(error, SallyportError) or error.code not in PROBLEMS:
        return _response("internal_error", PROBLEMS["internal_error"], request, {})
    more: dict[str, Any] = {}
    if isinstance(error, InvalidRequest):
        more["errors"] = [{"field": e.field, "code": e.code, "detail": e.detail} for e in error.errors]
    if error.retry_after is not None:
        more["retry_after"] = error.retry_after
    row = NOT_AT_LOGIN.get(type(error), PROBLEMS[error.code])
    response = _response(error.code, row, request, more)
    if isinstance(error, InvalidToken) and error.reason not in _NO_TOKEN:
        response = replace(response, headers={**response.headers, "www-authenticate": 'Bearer error="invalid_token"'})
    return replace(response, outcome=error.outcome, trail=error.trail)


def _response(code: str, row: tuple[int, str, str], request: Request, more: Mapping[str, Any]) -> Response:
    status, title, detail = row
    headers = {"content-type": "application/problem+json"}
    if status == 401:
        headers["www-authenticate"] = "Bearer"  # RFC 9110 s15.5.2
    if "retry_after" in more:
        headers["retry-after"] = str(more["retry_after"])
    oauth = {"error": code, "error_description": detail}
    body = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
        **(oauth if request.route in ANSWERS_TOKENS and status not in _NOT_OAUTH else {}),
        **more,
        "request_id": request.request_id,
    }
    return Response(status, code, body, headers)
