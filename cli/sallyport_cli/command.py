"""What all commands share: where they work, what they return, how they fail, how their help is laid out."""

from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from sallyport.identifiers import is_id
from sallyport_cli.arguments import Identifier, UserName
from sallyport_cli.errors import in_one_line
from sallyport_cli.output import Answer, show, writing

if TYPE_CHECKING:
    from sallyport_cli.stack import Stack

DEFAULT_STACK = "sallyport"
DEFAULT_PORT = 8787


class _SharedOptions(click.Command):
    """A command, or a group of them, whose help lists the options of every command apart from its own."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.shared = shared_options()
        self.params += self.shared

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        own = [param for param in self.get_params(ctx) if isinstance(param, click.Option) and param not in self.shared]
        _write_section(ctx, formatter, "Options", own)
        if isinstance(self, click.Group):
            self.format_commands(ctx, formatter)
        _write_section(ctx, formatter, "Options of every command", self.shared)


class Command(_SharedOptions):
    """A command whose function gets the `stack` and returns an Answer."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # An identifier may begin with a dash. Where one is asked for, click hands on what is no option of ours.
        self.ignore_unknown_options = any(
            isinstance(param, click.Argument) and isinstance(param.type, UserName | Identifier) for param in self.params
        )

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the words. Raises NoSuchOption for one that begins with a dash and is no identifier."""
        if self.ignore_unknown_options and not ctx.resilient_parsing:
            for word in self._arguments_among(args, ctx):
                if word.startswith("-") and not is_id(word):
                    known = [name for param in self.get_params(ctx) for name in param.opts if name.startswith("-")]
                    raise click.NoSuchOption(word.partition("=")[0], possibilities=known, ctx=ctx)
        return super().parse_args(ctx, args)

    def _arguments_among(self, words: list[str], ctx: click.Context) -> list[str]:
        """Find what click would take for an argument, or for one too many."""
        values, left_over, _ = self.make_parser(ctx).parse_args(list(words))
        arguments = [values.get(param.name) for param in self.params if isinstance(param, click.Argument)]
        return [word for word in [*arguments, *left_over] if isinstance(word, str)]

    def invoke(self, ctx: click.Context) -> None:
        with in_one_line():
            ctx.params["stack"] = _open_stack(ctx)
            answer: Answer = super().invoke(ctx)
        show(answer, as_json=_chosen(ctx, "as_json", default=False))


class Group(_SharedOptions, click.Group):
    """Commands about one noun. Without one of them it shows its help."""

    command_class = Command
    group_class: type[click.Group] | type[type] | None = type


class Program(Group):
    """The whole command. What it cannot write to standard output is one line on standard error, exit code 1."""

    group_class = Group

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        with writing():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        with writing():
            return super().invoke(ctx)


def examples(*commands: str) -> str:
    """Make an epilog that shows commands as they are typed."""
    return "\n".join(["\b", "Examples:", *(f"  sallyport {command}" for command in commands)])


def _write_section(
    ctx: click.Context, formatter: click.HelpFormatter, heading: str, options: list[click.Option]
) -> None:
    records = [record for option in options if (record := option.get_help_record(ctx)) is not None]
    if records:
        with formatter.section(heading):
            formatter.write_dl(records)


def shared_options() -> list[click.Option]:
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
        _option(
            "--region",
            envvar=["AWS_REGION", "AWS_DEFAULT_REGION"],  # boto3 by itself reads the second only
            metavar="NAME",
            help="The AWS region (AWS_REGION, AWS_DEFAULT_REGION).",
        ),
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


def _open_stack(ctx: click.Context) -> "Stack":
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
