"""How a person lets their browsers trust the authority: one command a system."""

from collections.abc import Iterator
from pathlib import Path
from shlex import quote

from dev.tls.certificate import AUTHORITY_NAME

_COMMANDS = {
    "macOS": "security add-trusted-cert -p ssl -k ~/Library/Keychains/login.keychain-db {path}",
    "Debian, Ubuntu": (
        "mkdir -p ~/.pki/nssdb && certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n '{name}' -i {path}"
        "   # of the package libnss3-tools"
    ),
    "Fedora": "sudo trust anchor {path}",
    "Windows": 'certutil.exe -user -addstore Root "$(wslpath -w {path})"   # in WSL',
}


def lines(authority: Path) -> Iterator[str]:
    """Yield what to run so that a browser trusts this authority."""
    yield "Trust its certificate once, and the browser warns no more (docs/https.md says how to take that back):"
    for system, command in _COMMANDS.items():
        yield f"  {system + ':':16}{command.format(path=quote(str(authority)), name=AUTHORITY_NAME)}"
    yield (
        f"  {'Firefox:':16}asks macOS and Windows. Elsewhere: Settings, Certificates, View Certificates, Authorities,"
        f" Import {authority}"
    )
