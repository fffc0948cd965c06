"""What all commands share: where they work, how they answer, how they fail."""

from typing import Any

import click
from click.core import ParameterSource

from sallyport_cli.errors import in_one_line
from sallyport_cli.output import Answer, show

DEFAULT_STACK = "sallyport"
DEFAULT_PORT = 8787


class Command(click.Command):
    """A command whose function gets the `stack` and returns an Answer.

    Our identifiers may begin with a dash, so what looks like an unknown option goes to the arguments, which know
    what they accept.
    """

    ignore_unknown_options = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params += shared_options()

    def invoke(self, ctx: click.Context) -> None:
        with in_one_line():
            ctx.params["stack"] = _open_stack(ctx)
            answer: Answer = super().invoke(ctx)
        show(answer, as_json=_chosen(ctx, "as_json", default=False))


class Group(click.Group):
    """Commands about one noun. Without one of them it shows its help."""

    command_class = Command
    group_class = type

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params += shared_options()


def shared_options() -> list[click.Parameter]:
    """Make the options that may stand anywhere among a command's words. What stands later counts."""
    return [
        _option("--json", "as_json", is_flag=True, help="Print one JSON document."),
        _option(
            "--stack",
            envvar="SALLYPORT_STACK",
            metavar="NAME",
            help=f"The deployed stack to work on ({DEFAULT_STACK}; or SALLYPORT_STACK).",
        ),
        _option("--profile", metavar="NAME", help="The AWS profile (AWS_PROFILE)."),
        _option("--region", metavar="NAME", help="The AWS region (AWS_REGION)."),
        _option(
            "--local", is_flag=True, envvar="SALLYPORT_LOCAL", help="Work on a running `make dev` (SALLYPORT_LOCAL=1)."
        ),
        _option(
            "--port",
            type=click.IntRange(1, 65_535),
            envvar="SALLYPORT_PORT",
            help=f"Where `make dev` listens ({DEFAULT_PORT}; SALLYPORT_PORT).",
        ),
    ]


def _option(*names: str, **how: Any) -> click.Option:
    return click.Option([*names], default=None, expose_value=False, callback=_remember, **how)


def _remember(ctx: click.Context, option: click.Parameter, value: object) -> None:
    """Note what was chosen for the whole run. The command line beats the environment, wherever it stands."""
    if value is None or option.name is None:
        return
    is_typed = ctx.get_parameter_source(option.name) is ParameterSource.COMMANDLINE
    if is_typed or not _is_typed(ctx, option.name):
        ctx.meta[f"{__name__}.{option.name}"] = (value, is_typed)


def _chosen(ctx: click.Context, name: str, *, default: Any = None) -> Any:
    return ctx.meta.get(f"{__name__}.{name}", (default, False))[0]


def _is_typed(ctx: click.Context, name: str) -> bool:
    return bool(ctx.meta.get(f"{__name__}.{name}", (None, False))[1])


def _open_stack(ctx: click.Context) -> Any:
    """Open the stack that was chosen. Loads what knows AWS only now: `--help` and errors of usage need none of it."""
    about_aws = [f"--{name}" for name in ("stack", "profile", "region") if _is_typed(ctx, name)]
    if _is_typed(ctx, "local") and about_aws:
        raise click.UsageError(f"--local and {about_aws[0]} exclude each other.")
    if _chosen(ctx, "local", default=False) and not about_aws:
        from sallyport_cli import local  # noqa: PLC0415

        return local.open_stack(_chosen(ctx, "port", default=DEFAULT_PORT))
    from sallyport_cli import deployed  # noqa: PLC0415

    return deployed.open_stack(
        _chosen(ctx, "stack", default=DEFAULT_STACK),
        profile=_chosen(ctx, "profile"),
        region=_chosen(ctx, "region"),
    )
