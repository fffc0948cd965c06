"""A request, as endpoints see it."""

from collections.abc import Mapping, Sequence
from typing import Any

from sallyport.errors import InvalidJson, PayloadTooLarge, UnsupportedMediaType
from sallyport.http.media_type import is_json_in_utf8, is_unencoded
from sallyport.strict_json import loads
from sallyport.values import dataclass, field

MAX_BODY_BYTES = 16 * 1024


@dataclass(frozen=True, slots=True)
class Request:
    """One request.

    `route` is the key of the endpoint that serves it ("POST /auth/login"). `path` has the parameters of the route's
    path, `query` every value of each parameter of the query. Header names are lower case. `body` is None where it came
    in an encoding that is broken. `caller` is what the authorizer said, empty on a public route.
    """

    route: str
    path: Mapping[str, str] = field(repr=False)
    query: Mapping[str, Sequence[str]] = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    cookies: tuple[str, ...] = field(repr=False)
    body: bytes | None = field(repr=False)
    source_ip: str
    user_agent: str
    caller: Mapping[str, Any]
    request_id: str

    def json_object(self) -> dict[str, Any]:
        """Return the body, one JSON object of at most 16 KB. No body at all is an empty object.

        Raises PayloadTooLarge, UnsupportedMediaType, InvalidJson.
        """
        if self.body is None:
            raise InvalidJson("encoding")
        if len(self.body) > MAX_BODY_BYTES:
            raise PayloadTooLarge
        if not self.body:
            return {}
        self._require_json()
        try:
            value = loads(self.body)
        except ValueError:
            raise InvalidJson from None
        if not isinstance(value, dict):
            raise InvalidJson("not_an_object")
        return value

    def _require_json(self) -> None:
        if not is_json_in_utf8(self.headers.get("content-type", "")):
            raise UnsupportedMediaType
        if not is_unencoded(self.headers.get("content-encoding", "")):
            raise UnsupportedMediaType("content_encoding")
