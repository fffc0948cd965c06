"""What goes wrong, in one line that says what to do. Never a stack trace, and nothing that was typed in secret."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import click

from sallyport.errors import (
    BlocklistUnreadable,
    CallFailed,
    ChangedMeanwhile,
    NoKeysPublished,
    SettingsError,
    Unavailable,
)
from sallyport.use_cases.manage_users import NoSuchUser
from sallyport_cli.output import printable

_LOGGED_OUT = "the AWS credentials are missing, not valid or have expired"
_NO_NETWORK = "AWS cannot be reached: check the network and the region"
_NO_ANSWER = (
    "AWS did not answer as it should ({reason}). A change may have been made: look (`user show`, `session list`,"
    " `keys list`) before you repeat it"
)
_REFUSED = "AWS refuses {operation} to these credentials; docs/cli.md lists the permissions that a command needs"

_NO_KEYS = "no keys are published yet: has the first deployment ended?"

_NO_BLOCKLIST = "the {reason}: install the command anew (in a checkout of Sallyport: make .venv/.dev)"

_ADVICE: Mapping[str, str] = {
    **dict.fromkeys(
        ["NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError", "TokenRetrievalError"],
        _LOGGED_OUT,
    ),
    **dict.fromkeys(
        ["SSOTokenLoadError", "UnauthorizedSSOTokenError", "SSOError", "LoginRefreshRequired"], _LOGGED_OUT
    ),
    **dict.fromkeys(["ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId"], _LOGGED_OUT),
    **dict.fromkeys(["UnrecognizedClientException", "SignatureDoesNotMatch", "InvalidSignatureException"], _LOGGED_OUT),
    **dict.fromkeys(["AccessDenied", "AccessDeniedException", "UnauthorizedOperation"], _REFUSED),
    **dict.fromkeys(["EndpointConnectionError", "ConnectTimeoutError"], _NO_NETWORK),
    **dict.fromkeys(["ProxyConnectionError", "SSLError"], _NO_NETWORK),
    "NoRegionError": "no AWS region: use --region or AWS_REGION",
    "InvalidRegionError": "--region is not the name of an AWS region",
    "ProfileNotFound": "there is no such AWS profile",
    "ResourceNotFoundException": "{operation} finds nothing there: is the stack being deleted?",
}


class Refused(click.ClickException):
    """The command was understood and not done. Exit code 1."""

    def __init__(self, message: str) -> None:
        super().__init__(printable(message))


@contextmanager
def in_one_line() -> Iterator[None]:
    """Let only click's own exceptions out, which click prints without a stack trace."""
    try:
        yield
    except (click.ClickException, click.exceptions.Exit, click.Abort):
        raise
    except NoSuchUser:
        raise Refused("the user is gone") from None
    except Unavailable as error:
        raise Refused(_explained(error)) from None
    except SettingsError as error:
        raise Refused(f"the stack's settings are not ones that this version knows: {error}") from None
    except Exception as error:  # noqa: BLE001  # the edge: its text may hold anything
        raise Refused(f"unexpected {type(error).__name__}; this is a bug of the sallyport command") from None


def _explained(error: Unavailable) -> str:
    """Turn a failure of infrastructure into advice."""
    match error:
        case ChangedMeanwhile():
            return "the user was changed by somebody else meanwhile; try again"
        case BlocklistUnreadable():
            return _NO_BLOCKLIST.format(reason=error.reason)
        case NoKeysPublished():
            return _NO_KEYS
        case CallFailed(operation=operation, word=word) if word in _ADVICE:
            return _ADVICE[word].format(operation=operation)
    return _NO_ANSWER.format(reason=error.reason)
