"""`sallyport`: what an operator does to a stack."""

import click

from sallyport_cli.audit import audit
from sallyport_cli.command import Program, examples
from sallyport_cli.keys import key_commands
from sallyport_cli.sessions import session_commands
from sallyport_cli.tokens import token_commands
from sallyport_cli.users import user_commands

_EXAMPLES = examples(
    "--local session list demo@example.com     # while `make dev` runs",
    "user create ann@example.com --stack sallyport-staging",
    "user disable --help",
)
_EPILOG = f"""\
{_EXAMPLES}

USER is an e-mail address or a user id. Passwords and tokens are read from standard input or a hidden prompt, never from
the command line.

Exit codes: 0 done, or nothing was left to do; 1 refused or failed, with one line on standard error; 2 wrong usage.
"""


@click.group(cls=Program, epilog=_EPILOG)
@click.version_option(package_name="sallyport")
def sallyport() -> None:
    """Operate a Sallyport stack: a deployed one, or a running `make dev` with --local."""


sallyport.add_command(user_commands)
sallyport.add_command(session_commands)
sallyport.add_command(token_commands)
sallyport.add_command(key_commands)
sallyport.add_command(audit)
