"""A program that does what SnapStart does: it builds functions once, and lets several environments go on from there.

It is told, as JSON in one line, which functions to build with which settings. It prints what building them drew, read
or opened, which should be nothing. Then each line is a list of [function, event]: a fork of the program sends them to
its copies of the functions, and prints the answers. `$access` and `$refresh` in an event stand for the tokens that this
copy, or an earlier one, was given last.
"""

import json
import os
import random
import socket
import sys
import time
import traceback
from collections.abc import Callable
from importlib import import_module
from typing import Any

_touched: list[str] = []
_is_building = False


def _watch(owner: Any, name: str) -> None:
    """Note every call while functions are built."""
    original: Callable[..., Any] = getattr(owner, name)

    def watched(*arguments: Any, **named: Any) -> Any:
        if _is_building:
            _touched.append(name)
        return original(*arguments, **named)

    setattr(owner, name, watched)


for _owner, _names in (
    (os, ["urandom", "getrandom"]),  # before others import them by name
    (random, ["_urandom", "random", "uniform", "randint", "getrandbits"]),
    (random.SystemRandom, ["random", "getrandbits"]),
    (time, ["time", "time_ns", "monotonic", "monotonic_ns"]),
    (socket.socket, ["connect", "connect_ex"]),
):
    for _name in _names:
        _watch(_owner, _name)

from dev.aws.cloud import LOCAL  # noqa: E402  # what watches comes first

_STDOUT = os.dup(1)


def _say(what: Any) -> None:
    os.write(_STDOUT, json.dumps(what).encode() + b"\n")


class _Context:
    """What functions read of Lambda's context."""

    aws_request_id = "a-request"


def _restored(handlers: dict[str, Any], asked: list[Any], tokens: dict[str, str]) -> None:
    """Answer `asked` in a copy of this process, and print the answers in one line."""
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        if status:
            _say(None)
        return
    try:
        _answer(handlers, asked, tokens)
    except BaseException:  # noqa: BLE001  # the parent says that there is no answer
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def _answer(handlers: dict[str, Any], asked: list[Any], tokens: dict[str, str]) -> None:
    answers = []
    for function, event in asked:
        text = json.dumps(event)
        for name, token in tokens.items():
            text = text.replace(f"${name}", token)
        answer = handlers[function](json.loads(text), _Context())
        if isinstance(answer, dict) and "access_token" in (answer.get("body") or ""):
            body = json.loads(answer["body"])
            tokens = {"access": body["access_token"], "refresh": body["refresh_token"]}
        answers.append(answer)
    _say(answers)


def main() -> None:
    global _is_building  # noqa: PLW0603
    told = json.loads(sys.stdin.readline())
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what functions log is nobody's business here
    _is_building = True
    handlers = {
        name: import_module(f"sallyport.wiring.{name}").build(environ, clients=LOCAL) for name, environ in told.items()
    }
    _is_building = False
    _say(_touched)
    for line in sys.stdin:
        asked, tokens = json.loads(line)
        _restored(handlers, asked, tokens)


if __name__ == "__main__":
    main()
