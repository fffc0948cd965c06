"""`make spa`: serve the example page on http://127.0.0.1:5173, beside `make dev`."""

import argparse
import sys
from collections.abc import Callable, Sequence

import uvicorn

from dev.gateway.asgi import Application
from dev.gateway.doors import only_by_name, own_hosts
from dev.gateway.events import HttpRequest, HttpResponse, own_answer
from dev.site import API, Site

PORT = 5173
"""Where Sallyport allows pages by default, under `make dev`."""


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser("python -m dev.spa", description=__doc__)
    parser.add_argument("--api", default=API, metavar="URL", help=f"where Sallyport is; {API} unless given")
    asked = parser.parse_args(arguments)
    print(f"The page is on http://127.0.0.1:{PORT}, and expects Sallyport on {asked.api}. Ctrl-C stops it.", flush=True)
    uvicorn.run(
        application(Site(api=asked.api), PORT), host="127.0.0.1", port=PORT, lifespan="off", log_level="warning"
    )
    return 0


def application(site: Site, port: int) -> Application:
    """Serve a site to whoever names this server by a name of its own."""
    return Application(only_by_name(_or_nothing(site), own_hosts(port)), most=0)


def _or_nothing(site: Site) -> Callable[[HttpRequest], HttpResponse]:
    return lambda request: site.answer(request) or own_answer(404, "Not Found")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
