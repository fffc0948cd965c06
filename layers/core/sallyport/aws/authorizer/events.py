"""The five events that an authorizer gets, recognised by members that no other has.

HTTP API, payload 2.0        version 2.0
HTTP API, payload 1.0        version 1.0, type REQUEST
REST API, TOKEN              type TOKEN, no version
WebSocket API, `$connect`    type REQUEST, no version, event type CONNECT
REST API, REQUEST            type REQUEST, no version, a method
"""

from sallyport.aws.authorizer.answers import Form, Policy, Simple
from sallyport.aws.event import Event
from sallyport.errors import Unavailable
from sallyport.values import dataclass, field

_SIMPLE = Simple()


@dataclass(frozen=True, slots=True)
class Question:
    """Whether the bearer of this header may pass, and how to say so.

    `authorization` is None unless there is exactly one such header. `knows_unauthorized` says whether AWS documents
    that the gateway makes a 401 of an authorizer that raises "Unauthorized"; for HTTP APIs it does not.
    """

    authorization: str | None = field(repr=False)
    form: Form
    knows_unauthorized: bool


def read(event: Event) -> Question:
    """Read an event. Raises Unavailable, KeyError or TypeError if it is none of the five."""
    match event:
        case {"version": "2.0", "headers": {}}:
            return Question(_the_one_header(event), _SIMPLE, knows_unauthorized=False)
        case {"version": "1.0", "type": "REQUEST"}:
            return Question(_the_one_header(event), _policy(event), knows_unauthorized=False)
        case {"version": _}:
            raise Unavailable("event")
        case {"type": "TOKEN"}:
            return Question(event["authorizationToken"], _policy(event), knows_unauthorized=True)
        case {"type": "REQUEST", "requestContext": {"eventType": "CONNECT"}} | {"type": "REQUEST", "httpMethod": str()}:
            return Question(_the_one_header(event), _policy(event), knows_unauthorized=True)
        case _:
            raise Unavailable("event")


def _policy(event: Event) -> Policy:
    return Policy.over_stage_of(event["methodArn"])


def _the_one_header(event: Event) -> str | None:
    """Return the value of the Authorization header, or None unless there is exactly one.

    The name may keep the client's case: in payload 1.0, on REST and WebSocket APIs, and in sam local everywhere.
    `headers` holds one value of a header that came twice, `multiValueHeaders`, where there is one, holds all. An
    attacker would like to choose which of two credentials counts, so both must hold the same single value.
    """
    one_each = event["headers"] or {}
    values = [value for name, value in one_each.items() if name.lower() == "authorization"]
    if event.get("multiValueHeaders") is not None:
        all_of_each = event["multiValueHeaders"].items()
        if values != [value for name, held in all_of_each if name.lower() == "authorization" for value in held]:
            return None
    return values[0] if len(values) == 1 else None
