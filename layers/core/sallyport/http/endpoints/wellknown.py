"""The documents by which others verify our tokens (RFC 7517, RFC 8414, OpenID Connect Discovery)."""

from sallyport.http.request import Request
from sallyport.http.response import Response
from sallyport.keys.public import PublicKeyRing, key_set
from sallyport.values import dataclass

_CACHEABLE = {"cache-control": "public, max-age=300"}


@dataclass(frozen=True, slots=True)
class KeySetEndpoint:
    """The public keys."""

    keys: PublicKeyRing

    def __call__(self, _request: Request) -> Response:
        return Response(200, "published", key_set(self.keys.jwks), _CACHEABLE)


@dataclass(frozen=True, slots=True)
class DiscoveryEndpoint:
    """Where everything is. There is no authorization endpoint, and login is not an OAuth grant (RFC 9700 s2.4)."""

    keys: PublicKeyRing

    def __call__(self, _request: Request) -> Response:
        issuer = self.keys.issuer
        algorithms = sorted({str(jwk["alg"]) for jwk in self.keys.jwks})
        document = {
            "issuer": issuer,
            "jwks_uri": f"{issuer}/.well-known/jwks.json",
            "userinfo_endpoint": f"{issuer}/auth/me",
            "sallyport_login_endpoint": f"{issuer}/auth/login",
            "sallyport_refresh_endpoint": f"{issuer}/auth/refresh",
            "sallyport_logout_endpoint": f"{issuer}/auth/logout",
            "response_types_supported": [],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": algorithms,
            "access_token_signing_alg_values_supported": algorithms,
        }
        return Response(200, "published", document, _CACHEABLE)
