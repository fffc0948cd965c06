"""`make prune`: old versions go, and what an alias points to stays."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from ops.prune import BusyStackError, prune


@dataclass
class Pages:
    """A paginator: each page of an answer."""

    answers: Mapping[str, list[dict[str, Any]]]

    def paginate(self, **asked: str) -> Iterator[dict[str, Any]]:
        yield from self.answers[asked.get("FunctionName", "")]


@dataclass
class Account:
    """Both services, with a stack of one function: versions 1 to 4, two of which serve."""

    status: str = "UPDATE_COMPLETE"
    deleted: list[tuple[str, str]] = field(default_factory=list)

    def describe_stacks(self, **_: str) -> dict[str, Any]:
        return {"Stacks": [{"StackStatus": self.status}]}

    def get_paginator(self, operation: str) -> Pages:
        def versions(*numbers: str) -> dict[str, Any]:
            return {"Versions": [{"Version": number, "FunctionArn": f"login:{number}"} for number in numbers]}

        canary = {"FunctionVersion": "3", "RoutingConfig": {"AdditionalVersionWeights": {"4": 0.1}}}
        summaries = [("AWS::Lambda::Function", "login"), ("AWS::DynamoDB::Table", "table")]
        pages = {
            "list_stack_resources": {
                "": [
                    {"StackResourceSummaries": [{"ResourceType": kind, "PhysicalResourceId": name}]}
                    for kind, name in summaries
                ]
            },
            "list_versions_by_function": {"login": [versions("$LATEST", "1"), versions("2", "3", "4")]},
            "list_aliases": {"login": [{"Aliases": [canary]}]},
        }
        return Pages(pages[operation])

    def delete_function(self, **asked: str) -> None:
        self.deleted.append((asked["FunctionName"], asked["Qualifier"]))


def test_versions_that_no_alias_points_to_are_deleted_and_a_canarys_are_not() -> None:
    account: Any = Account()

    gone = list(prune("sallyport", account, account))

    assert account.deleted == [("login", "1"), ("login", "2")]
    assert gone == ["login:1", "login:2"]


def test_a_stack_that_is_being_changed_is_left_alone() -> None:
    """A version that was just published has no alias yet."""
    account: Any = Account(status="UPDATE_IN_PROGRESS")

    with pytest.raises(BusyStackError, match="UPDATE_IN_PROGRESS"):
        list(prune("sallyport", account, account))

    assert account.deleted == []
