"""The local gateway before the deployed functions, without a network between."""

from dev.gateway.events import HttpRequest
from dev.gateway.gateway import Gateway
from sallyport.clock import system_clock
from tests.support.deployed import Stack


def gateway_before(stack: Stack) -> Gateway:
    deployment = stack.deployment
    return Gateway(
        functions=deployment.functions,
        routes=deployment.routes,
        cors=deployment.cors,
        dev_routes={},
        hosts=("127.0.0.1",),
        now_ms=system_clock,
    )


def a_request(method: str, target: str, *headers: tuple[str, str], body: bytes = b"") -> HttpRequest:
    return HttpRequest(method, target, headers, body, "192.0.2.7", "HTTP/1.1")
