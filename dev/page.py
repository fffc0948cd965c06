"""The page at `/`, which says what runs here. Only the local server has it, and only where no API has a route there."""

from base64 import b64encode
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from dev import demo
from dev.gateway.events import HttpRequest, HttpResponse
from dev.gateway.gateway import Gateway, side_by_side
from dev.sam.template import Route

_HERE = Path(__file__).parent
_TEMPLATES = Environment(
    loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


@dataclass(frozen=True)
class FrontPage:
    """What the page says. `lines` are for a shell; `yours` are the routes of the API that `--template` names."""

    mode: str
    lines: str
    routes: Iterable[Route]
    yours: Iterable[Route] = ()

    def response(self) -> HttpResponse:
        """Return the page. It loads nothing, runs nothing, and no other page may frame it."""
        style = (_HERE / "page.css").read_text()
        tables = [("Routes of template.yaml", [*self.routes]), ("Your own routes", [*self.yours])]
        html = _TEMPLATES.get_template("page.html").render(
            style=style,
            email=demo.EMAIL,
            password=demo.PASSWORD,
            mode=self.mode,
            tables=[(heading, sorted(routes, key=_by_path)) for heading, routes in tables if routes],
            lines=self.lines,
        )
        headers = {
            "content-type": "text/html; charset=utf-8",
            "content-security-policy": _policy(style),
            "x-content-type-options": "nosniff",
            "referrer-policy": "same-origin",
            "cache-control": "no-store",
        }
        return HttpResponse(200, tuple(headers.items()), html.encode())


def with_page(page: HttpResponse, *apis: Gateway, at: str = "/") -> Callable[[HttpRequest], HttpResponse]:
    """Serve APIs side by side, and a page at a path unless one of them has a route of any method there."""
    answer = side_by_side(*apis)
    if any(api.has(at) for api in apis):
        return answer
    return lambda request: page if (request.method, request.path) == ("GET", at) else answer(request)


def _by_path(route: Route) -> list[str]:
    return route.key.split(" ")[::-1]


def _policy(style: str) -> str:
    """Return a Content-Security-Policy that allows this one style sheet and nothing else."""
    digest = b64encode(sha256(style.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
