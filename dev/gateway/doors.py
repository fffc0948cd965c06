"""Who may call a local server: programs that name it by its own name, and no web page of another origin.

A browser lets any page send requests to 127.0.0.1. Two headers give such a request away, and no page can forge them:
`Origin` and `Sec-Fetch-Site`. A page may also have its own name point to 127.0.0.1 (DNS rebinding). Then both headers
say nothing, but `Host` has the page's name.
"""

from collections.abc import Callable, Collection, Iterable

from dev.gateway.events import HttpRequest, HttpResponse, own_answer

Headers = Iterable[tuple[str, str]]

_AT_HOME = ("same-origin", "none")  # "none": a person typed the address


def own_hosts(port: int) -> tuple[str, ...]:
    """Return what `Host` may say to a server on this port of the loopback address, its usual name first."""
    return f"127.0.0.1:{port}", f"localhost:{port}"


def is_named(headers: Headers, hosts: Collection[str]) -> bool:
    """Return whether a request names its server by one of `hosts`. Header names are lower case."""
    return {value.lower() for name, value in headers if name == "host"} in [{host} for host in hosts]


def is_of_another_origin(headers: Headers, hosts: Collection[str], *, scheme: str = "http") -> bool:
    """Return whether a page of another origin than those of `hosts` made a browser send this."""
    origins = {f"{scheme}://{host}" for host in hosts}
    return any(
        (name == "origin" and value not in origins) or (name == "sec-fetch-site" and value not in _AT_HOME)
        for name, value in headers
    )


def only_by_name(
    answer: Callable[[HttpRequest], HttpResponse], hosts: tuple[str, ...], *, scheme: str = "http"
) -> Callable[[HttpRequest], HttpResponse]:
    """Return `answer` behind a check of `Host`, which refuses other names with 421 (RFC 9110 s15.5.20)."""

    def guarded(request: HttpRequest) -> HttpResponse:
        if is_named(request.headers, hosts):
            return answer(request)
        return own_answer(
            421, f"Call this server by a name of its own: {' or '.join(f'{scheme}://{host}' for host in hosts)}"
        )

    return guarded
