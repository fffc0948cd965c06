"""The pipe from the table's stream to EventBridge: what passes it, asked with the records of a real stream."""

import json
from collections.abc import Mapping
from typing import Any

import boto3
import pytest

from dev.aws.cloud import Cloud
from dev.pipe import described
from dev.sam.stack import translate
from sallyport.accounts.user import new_user
from sallyport.audit import AuditEntry, by_user
from sallyport.identifiers import new_id
from tests.support.builders import NOW, SECOND, a_session, an_audit
from tests.support.iam import listed
from tests.support.stores import in_dynamodb

EVENTS = {"Events": "true"}


@pytest.fixture(scope="module")
def resources(cloud: Cloud) -> Mapping[str, Any]:
    return translate(table_name="table", kms_key_id="key", given=EVENTS)


@pytest.fixture
def streaming(resources: Mapping[str, Any]) -> str:
    """A table with the stream that the template gives it."""
    name, table = f"events-{new_id()}", resources["Table"]["Properties"]
    boto3.client("dynamodb").create_table(
        TableName=name,
        KeySchema=table["KeySchema"],
        AttributeDefinitions=table["AttributeDefinitions"],
        BillingMode=table["BillingMode"],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": table["StreamSpecification"]["StreamViewType"]},
    )
    return name


def records_of(table_name: str) -> list[Any]:
    arn = boto3.client("dynamodb").describe_table(TableName=table_name)["Table"]["LatestStreamArn"]
    streams = boto3.client("dynamodbstreams")
    (shard,) = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    start = streams.get_shard_iterator(StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")
    records = streams.get_records(ShardIterator=start["ShardIterator"])["Records"]
    return list(json.loads(json.dumps(records, default=str)))  # as the pipe gets them: JSON has no dates


def test_of_all_that_passes_the_stream_only_new_audit_entries_become_events(streaming: str) -> None:
    stores = in_dynamodb(streaming)
    user = new_user("ann@example.com", roles=("admin", "auditor"), now=NOW)
    stores.accounts.create(user, "secret-hash", an_audit(user, action="user.created", after=user.standing))
    session = a_session(user)
    stores.keep(session)
    cause = by_user("request", "other-session")
    ended = AuditEntry(user.user_id, "session.revoked", NOW * SECOND + 1, cause, sid=session.sid)
    stores.revocations.revoke_session(user.user_id, session.sid, ended)
    for item in boto3.client("dynamodb").scan(TableName=streaming)["Items"]:  # as TTL does, and a restore
        boto3.client("dynamodb").put_item(TableName=streaming, Item={**item, "ttl": {"N": "1"}})
        boto3.client("dynamodb").delete_item(TableName=streaming, Key={name: item[name] for name in ("PK", "SK")})

    records = records_of(streaming)
    sent = [event for record in records if (event := described().event(record)) is not None]

    assert {record["eventName"] for record in records} == {"INSERT", "MODIFY", "REMOVE"}
    assert "secret-hash" in str(records)
    assert [(event["source"], event["detail-type"]) for event in sent] == [("sallyport", "sallyport.audit")] * 2
    created, revoked = (event["detail"] for event in sent)
    assert created["id"] < revoked["id"]
    assert created | {"id": ""} == {
        "stack": "sallyport",
        "id": "",
        "about": user.user_id,
        "at": "2027-01-15T08:00:00.000+00:00",
        "action": "user.created",
        "by": "operator:a-test",
        "by_sid": "",
        "request_id": "",
        "sid": "",
        "roles_before": "",
        "roles_after": "admin auditor",
        "status_before": "",
        "status_after": "active",
        "use": "",
        "kid": "",
    }
    assert (revoked["sid"], revoked["by_sid"], revoked["by"]) == (session.sid, "other-session", "self")


def test_an_event_says_all_that_the_item_says_but_when_it_ends(streaming: str) -> None:
    user = new_user("ann@example.com", now=NOW)
    in_dynamodb(streaming).accounts.create(user, "hash", an_audit(user))

    (record,) = (r for r in records_of(streaming) if r["dynamodb"]["Keys"]["PK"]["S"].startswith("AUDIT#"))
    event = described().event(record)

    assert event is not None
    said = {name for name in record["dynamodb"]["NewImage"] if name not in ("PK", "SK", "ttl")}
    assert event["detail"].keys() == said | {"stack", "id"}


def test_the_pipes_role_alone_may_read_the_stream_and_no_function_sends_events(resources: Mapping[str, Any]) -> None:
    roles = {
        name: [
            (action, statement)
            for policy in resource["Properties"].get("Policies", [])
            for statement in policy["PolicyDocument"]["Statement"]
            for action in listed(statement["Action"])
        ]
        for name, resource in resources.items()
        if resource["Type"] == "AWS::IAM::Role"
    }
    reading = {"dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"}

    for name, allowed in roles.items():
        actions = {action for action, _ in allowed}
        assert not any("*" in action for action in actions), name
        if name == "AuditEventsRole":
            assert actions == reading | {"events:PutEvents", "sqs:SendMessage"}
        else:
            assert not actions & reading, name
            assert not any(action.startswith("events:") for action in actions), name
    (sending,) = (s for action, s in roles["AuditEventsRole"] if action == "events:PutEvents")
    envelope = described().envelope
    assert sending["Condition"] == {
        "StringEquals": {"events:source": envelope["Source"], "events:detail-type": envelope["DetailType"]}
    }
    trust = resources["AuditEventsRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert [each["Principal"] for each in trust] == [{"Service": "pipes.amazonaws.com"}]


def test_what_cannot_be_sent_waits_in_a_queue_that_raises_an_alarm(resources: Mapping[str, Any]) -> None:
    pipe = resources["AuditEvents"]["Properties"]

    dead = pipe["SourceParameters"]["DynamoDBStreamParameters"]["DeadLetterConfig"]["Arn"]
    assert dead.endswith(":UnsentEvents")
    alarm = resources["EventsNotSent"]["Properties"]
    assert alarm["Dimensions"] == [{"Name": "QueueName", "Value": "UnsentEvents"}]


def test_without_events_there_is_no_stream_no_pipe_and_nobody_who_might_read_one(cloud: Cloud) -> None:
    resources = translate(table_name="table", kms_key_id="key")

    assert "StreamSpecification" not in resources["Table"]["Properties"]
    assert not {"AuditEvents", "AuditEventsRole", "UnsentEvents", "EventsNotSent"} & resources.keys()
    assert "pipes.amazonaws.com" not in json.dumps(resources)
