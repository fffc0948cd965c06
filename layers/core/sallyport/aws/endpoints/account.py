"""GET /auth/me."""

from collections.abc import Callable

from sallyport.accounts.user import User
from sallyport.aws.http import Endpoint, Request, Response
from sallyport.errors import InvalidToken


def me_endpoint(find: Callable[[str], User | None]) -> Endpoint:
    """Describe the caller, whom the authorizer has named."""

    def endpoint(request: Request) -> Response:
        sub = request.caller.get("sub")
        user = find(sub) if isinstance(sub, str) and sub else None
        if user is None:
            raise InvalidToken("user")
        body = {"sub": user.user_id, "email": user.email, "roles": list(user.roles), "created_at": user.created_at}
        return Response(200, "described", body)

    return endpoint
