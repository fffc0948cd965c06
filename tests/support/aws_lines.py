"""A line of the AWS command line that a page shows, as the call of boto3 that it stands for."""

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import boto3
import jmespath  # type: ignore[import-untyped]  # comes with boto3
from botocore.model import Shape

_ABOUT_THE_ANSWER = {"query", "output"}


class NoSuchOptionError(Exception):
    """The operation has no such parameter."""


def run(words: Sequence[str], folder: Path, *, ask: Callable[[Any, str, dict[str, Any]], Any] | None = None) -> Any:
    """Run `aws SERVICE OPERATION --option value ...` and return the answer. `file://` names a file in `folder`.

    `ask` replaces the call, which it gets as client, operation and parameters. `--query` is applied to what it returns.
    """
    service, operation, *rest = words
    client: Any = boto3.client(service)  # type: ignore[call-overload]  # its name is not known to the stubs
    if operation == "wait":
        waiter, *rest = rest
        model = client.meta.service_model.operation_model("DescribeTable")
        return client.get_waiter(waiter.replace("-", "_")).wait(**_parameters(rest, model.input_shape, folder))
    name = operation.replace("-", "_")
    model = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[name])
    parameters = _parameters(rest, model.input_shape, folder)
    query = next((value for option, value in _options(rest) if option == "query"), None)
    answer = ask(client, name, parameters) if ask else getattr(client, name)(**parameters)
    return answer if query is None else jmespath.search(query[0], answer)


def _options(words: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """Read options with the words that follow each."""
    text = "\0".join(words)
    for found in re.finditer(r"--([a-z-]+)((?:\0(?!--)[^\0]*)*)(?:\0|\Z)", text):
        yield found[1], found[2].split("\0")[1:]


def _parameters(words: Sequence[str], shape: Shape, folder: Path) -> dict[str, Any]:
    members = {member.lower(): (member, each) for member, each in shape.members.items()}  # type: ignore[attr-defined]
    parameters = {}
    for option, values in _options(words):
        if option in _ABOUT_THE_ANSWER:
            continue
        is_off = option.startswith("no-") and option.replace("-", "") not in members
        found = members.get(option.removeprefix("no-" if is_off else "").replace("-", ""))
        if found is None:
            raise NoSuchOptionError(f"--{option}")
        name, member = found
        parameters[name] = _value(member, values, folder, is_off=is_off)
    return parameters


def _value(shape: Shape, values: list[str], folder: Path, *, is_off: bool) -> Any:
    match shape.type_name:
        case "boolean":
            assert not values
            return not is_off
        case "list":
            return values
        case "structure":  # Name=value,Name=value
            pairs = (pair.split("=") for pair in values[0].split(","))
            return {name: {"true": True, "false": False}.get(value, value) for name, value in pairs}
    (value,) = values
    return (folder / value.removeprefix("file://")).read_text() if value.startswith("file://") else value
