"""The example page over HTTP: its files, with the headers that a page should have. `make spa` serves it by itself."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath

from dev.gateway.events import HttpRequest, HttpResponse
from dev.gateway.gateway import Gateway

EXAMPLE = Path(__file__).parent.parent / "examples/spa"

API = "http://127.0.0.1:8787"
"""Where the example expects Sallyport: the address in the head of its index.html."""

HEADERS: Mapping[str, str] = {
    "x-frame-options": "DENY",  # for browsers that do not know frame-ancestors
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",  # links of mails have secrets in their address
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cache-control": "no-store",  # nothing of an account is left for the back button, or for the next user
}
"""What every answer says, beside its type. The page itself has a Content-Security-Policy, too."""

LINKS = ("/verify-email", "/reset-password", "/confirm-email")
"""Where links of mails lead: to the page."""

_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_OTHER_NAME = API.replace("127.0.0.1", "localhost")
_POLICY = re.compile(r'http-equiv="Content-Security-Policy"\s+content="([^"]+)"')


class Site:
    """Serves a folder with an index.html. `api` is where the page finds Sallyport: "/" is where the page comes from."""

    def __init__(self, folder: Path = EXAMPLE, *, api: str = API) -> None:
        self._folder = folder
        self._api = api

    def answer(self, request: HttpRequest) -> HttpResponse | None:
        """Return a file, or None if there is none of this name."""
        if request.method not in ("GET", "HEAD"):
            return None
        path = "/index.html" if request.path.rstrip("/") in ("", *LINKS) else request.path
        file = self._file(path)
        if file is None:
            return None
        headers = {"content-type": _TYPES[file.suffix], **HEADERS}
        if file.suffix != ".html":
            return HttpResponse(200, tuple(headers.items()), file.read_bytes())
        html = self._at_its_api(file.read_text())
        (policy,) = _POLICY.findall(html)
        headers["content-security-policy"] = f"{policy}; frame-ancestors 'none'"  # what no <meta> can say
        return HttpResponse(200, tuple(headers.items()), html.encode())

    def _file(self, path: str) -> Path | None:
        names = PurePosixPath(path).parts[1:]
        if not names or any(name.startswith(".") for name in names):
            return None
        file = self._folder.joinpath(*names)
        return file if file.suffix in _TYPES and file.is_file() else None

    def _at_its_api(self, html: str) -> str:
        if self._api == "/":
            return html.replace(f" {API} {_OTHER_NAME}", "").replace(API, "/")
        return html.replace(API, self._api).replace(_OTHER_NAME, self._api.replace("127.0.0.1", "localhost"))


def with_site(
    site: Site, answer: Callable[[HttpRequest], HttpResponse], *apis: Gateway
) -> Callable[[HttpRequest], HttpResponse]:
    """Serve a site beside APIs, at one address: whatever path an API has is the API's."""

    def answered(request: HttpRequest) -> HttpResponse:
        if any(api.has(request.path) for api in apis):
            return answer(request)
        return site.answer(request) or answer(request)

    return answered
