"""The lines to paste that `make dev` prints and docs/walkthrough.md shows."""

from pathlib import Path
from shlex import quote

from dev import demo

_LINES = r"""
URL=@URL@ JSON='content-type: application/json'
field() { sed -n 's/.*"'$1'": *"\([^"]*\)".*/\1/p'; }
login() { curl -s $URL/auth/login -H "$JSON" -d '{"email":"@EMAIL@","password":"@PASSWORD@"}'; }
refresh() { curl -s -w '\n' $URL/auth/refresh -H "$JSON" -d '{"refresh_token":"'$1'"}'; }
me() { curl -s -w '\n' $URL/auth/me -H "authorization: Bearer $1"; }
later() { curl -s $URL/_dev/clock -d '{"advance_seconds":'$1'}' >/dev/null; }

echo 'Log in and call a protected route'
TOKENS=$(login); FIRST=$(echo "$TOKENS" | field refresh_token); me $(echo "$TOKENS" | field access_token)

echo 'Refresh twice, a minute apart'
later 61; SECOND=$(refresh $FIRST | field refresh_token)
later 61; TOKENS=$(refresh $SECOND); me $(echo "$TOKENS" | field access_token)

echo 'Replay the first refresh token, late: @REPLAYED@'
later 61; refresh $FIRST
me $(echo "$TOKENS" | field access_token)
refresh $(echo "$TOKENS" | field refresh_token)

echo 'Log in again, log out, and @LOGGED_OUT@'
TOKENS=$(login); REFRESH=$(echo "$TOKENS" | field refresh_token)
curl -s -w '%{http_code}\n' $URL/auth/logout -H "$JSON" -d '{"refresh_token":"'$REFRESH'"}'
later 5; me $(echo "$TOKENS" | field access_token)
refresh $REFRESH
"""


_SAM_LOCAL_LINES = r"""
URL=@URL@ JSON='content-type: application/json'
field() { sed -n 's/.*"'$1'": *"\([^"]*\)".*/\1/p'; }
me() { curl -s -w '\n' $URL/auth/me -H "Authorization: Bearer $1"; }
refresh() { curl -s -w '\n' $URL/auth/refresh -H "$JSON" -d '{"refresh_token":"'$1'"}'; }

echo 'Log in and call a protected route'
TOKENS=$(curl -s $URL/auth/login -H "$JSON" -d '{"email":"@EMAIL@","password":"@PASSWORD@"}')
ACCESS=$(echo "$TOKENS" | field access_token) REFRESH=$(echo "$TOKENS" | field refresh_token); me $ACCESS

echo 'Refresh, and call it with the new token'
me $(refresh $REFRESH | field access_token)

echo 'Without a token, and with a bad one'
curl -s -w '\n' $URL/auth/me; me not.a.token

echo 'Log out, and @LOGGED_OUT@'
curl -s -w '%{http_code}\n' $URL/auth/logout -H "$JSON" -d '{"refresh_token":"'$REFRESH'"}'
sleep 6; me $ACCESS
refresh $REFRESH
"""


_REPLAYED = "the session is revoked, its newest tokens included"
_IN_MODE = {
    "bounded": (_REPLAYED, "be refused five seconds later, as REVOCATION_MODE=bounded promises"),
    "strict": (_REPLAYED, "be refused at once, as REVOCATION_MODE=strict promises"),
    "stateless": (
        _REPLAYED,
        "be refused by /auth/me, which reads the session; your own routes would pass until the access token ends",
    ),
}


def curl_lines(url: str, mode: str, *, authority: Path | None = None) -> str:
    """Return the walk-through for `make dev` at `url`, in a revocation mode. Needs curl and sed; for bash and zsh.

    `authority` is whose certificates curl is to trust, where `url` is https.
    """
    trusted = f"export CURL_CA_BUNDLE={quote(str(authority))}\n" if authority else ""
    return trusted + _with_values(_LINES, url, mode)


def sam_local_lines(url: str, mode: str) -> str:
    """Return the walk-through for `make sam-local` at `url`, where no clock can be moved."""
    return _with_values(_SAM_LOCAL_LINES, url, mode)


def _with_values(lines: str, url: str, mode: str) -> str:
    replayed, logged_out = _IN_MODE[mode]
    told = {"URL": url, "EMAIL": demo.EMAIL, "PASSWORD": demo.PASSWORD, "REPLAYED": replayed, "LOGGED_OUT": logged_out}
    for name, value in told.items():
        lines = lines.replace(f"@{name}@", value)
    return lines.strip()
