"""docs/recovery.md, run line by line: what an operator does to a table and a key that outlive a stack."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest

from dev.aws.cloud import LOCAL, Cloud, create_key, create_table
from dev.lambda_host.functions import LocalFunction
from dev.sam.stack import whole
from dev.sam.template import ROOT, function, functions_of
from ops import key_policy
from sallyport.accounts.hashing import Passwords
from sallyport.accounts.password import normal
from sallyport.accounts.user import User
from sallyport.aws.dynamodb.table import Table
from sallyport.identifiers import new_id
from tests.support import aws_lines
from tests.support.builders import a_user, an_audit
from tests.support.cloudformation import CloudFormation, listening
from tests.support.deployed import PASSWORD, sample
from tests.support.iam import Request, grants, listed
from tests.support.requests_to_aws import as_iam_sees
from tests.support.roles import roles
from tests.support.stopped_time import MovableTime
from tests.support.stores import in_table
from tests.support.wire import Wire

pytestmark = pytest.mark.only_in_check

PAGE = (ROOT / "docs/recovery.md").read_text()
TABLE_ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/{}"


def lines_of(section: str) -> list[str]:
    """Return the commands below a heading of the page, up to the next heading of its kind."""
    (text,) = re.findall(rf"^## {section}\n(.+?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    blocks = re.findall(r"```console\n(.*?)```", text, re.DOTALL)
    return [line.strip() for block in blocks for line in block.splitlines() if line.strip()]


@dataclass
class AStack:
    """A stack, deployed as CloudFormation would: its own table and key, the checks, the keys, the functions."""

    cloudformation: CloudFormation
    name: str = field(default_factory=lambda: f"recovery-{new_id().replace('_', '-')}")
    key: str = field(default_factory=create_key)
    given: dict[str, str] = field(default_factory=dict)
    functions: dict[str, LocalFunction] = field(default_factory=dict)
    deployments: int = 0

    def deploy(self, **parameters: str) -> str | None:
        """Deploy with these parameters and those from before. Return why it failed, or None."""
        self.deployments += 1
        given = {**self.given, **parameters}
        resources = whole(table_name=self.name, kms_key_id=self.key, mail_queue_url="https://queue", given=given)[
            "Resources"
        ]
        if "Table" in resources:
            create_table(self.name, resources["Table"]["Properties"], None)
        specs = {name: function(name, properties, ROOT) for name, properties in functions_of(resources)}
        setup = LocalFunction(specs["Setup"])
        for name in ("Checks", "KeyRings"):
            setup.invoke(self._asks(resources[name]))
            if self.cloudformation.answers[-1]["Status"] == "FAILED":
                return str(self.cloudformation.answers[-1]["Reason"])
        self.given = given
        self.functions = {name: LocalFunction(specs[name]) for name in ("Login", "Refresh", "RotateKeys")}
        return None

    def _asks(self, resource: Mapping[str, Any]) -> dict[str, Any]:
        return {
            **sample("setup_accepted"),
            "RequestType": "Update" if self.functions else "Create",
            "ResponseURL": self.cloudformation.url,
            "ResourceType": resource["Type"],
            "ResourceProperties": {
                **json.loads(json.dumps(resource["Properties"]), parse_int=str),
                "Release": f"r{self.deployments}",
            },
        }

    @property
    def table(self) -> Table:
        arn = self.given.get("ExistingTableArn")
        return Table(LOCAL.dynamodb(), arn.partition("/")[2] if arn else self.name)

    def new_user(self) -> User:
        user = a_user()
        assert in_table(self.table).accounts.create(user, Passwords().hash(normal(PASSWORD)), an_audit(user))
        return user

    def log_in(self, user: User) -> dict[str, Any]:
        answer = self.functions["Login"].invoke(
            sample("login_logged_in", body={"email": user.email, "password": PASSWORD})
        )
        assert answer["statusCode"] == 200, answer
        tokens: dict[str, Any] = json.loads(answer["body"])
        return tokens

    def refresh(self, refresh_token: str) -> int:
        event = sample("refresh_rotated", body={"refresh_token": refresh_token})
        return int(self.functions["Refresh"].invoke(event)["statusCode"])

    def sealed_under(self) -> dict[str, str]:
        """Return the KMS key that seals each signing key."""
        items = [item for use in ("access", "refresh") for item in self.table.partition(f"SIGNING#{use}")]
        return {item["SK"]: item["sealed_under"] for item in items if "sealed_under" in item}


@dataclass
class Operator:
    """Types the commands of the page. `names` is what the words in capitals stand for."""

    stack: AStack
    folder: Path
    names: dict[str, str]

    def follow(self, section: str) -> None:
        for line in lines_of(section):
            self.type(line)

    def type(self, line: str) -> Any:
        for name, value in sorted(self.names.items(), key=lambda pair: -len(pair[0])):
            line = re.sub(rf"(?<![A-Z_]){name}(?![A-Z_])", value, line)
        match shlex.split(line):
            case ["make", "deploy", parameters]:
                pairs = dict(pair.split("=", 1) for pair in parameters.removeprefix("PARAMETERS=").split())
                assert self.stack.deploy(**pairs) is None, line
            case ["make", "--silent", "key-policy", stack, key, ">", file]:
                arguments = [stack.removeprefix("STACK="), key.removeprefix("KEY=")]
                with (self.folder / file).open("w") as written, redirect_stdout(written):
                    assert key_policy.main(arguments) == 0
            case ["sallyport", "keys", "rotate", *_]:  # tests/cli shows what this command does
                self.stack.functions["RotateKeys"].invoke({})
            case ["aws", "kms", "create-key", *rest]:
                self.names["NEW_KEY_ARN"] = self.aws("kms", "create-key", *rest)["KeyMetadata"]["Arn"]
            case ["aws", "cloudformation", *_]:
                pass  # moto has no stack here: see below
            case ["aws", *words]:
                return self.aws(*words)
            case _:
                pytest.fail(f"who runs this? {line}")
        return None

    def aws(self, *words: str) -> Any:
        return aws_lines.run(words, self.folder)


@pytest.fixture
def cloudformation(cloud: Cloud) -> Iterator[CloudFormation]:
    with listening() as server:
        yield server


@pytest.fixture
def stack(cloudformation: CloudFormation) -> AStack:
    stack = AStack(cloudformation)
    assert stack.deploy() is None
    return stack


@pytest.fixture
def operator(stack: AStack, tmp_path: Path) -> Operator:
    names = {
        "TABLE": stack.name,
        "TABLE_ARN": TABLE_ARN.format(stack.name),
        "KEY_ARN": stack.key,
        "sallyport-restored": f"{stack.name}-restored",
        "RESTORED_ARN": TABLE_ARN.format(f"{stack.name}-restored"),
    }
    return Operator(stack, tmp_path, names)


def test_the_table_and_the_key_of_a_deleted_stack_serve_a_new_one(
    operator: Operator, stack: AStack, cloudformation: CloudFormation
) -> None:
    user, keys = stack.new_user(), stack.sealed_under()
    operator.stack = new = AStack(cloudformation)

    operator.follow("The stack was deleted")

    assert new.log_in(user)
    assert new.sealed_under() == keys
    assert set(keys.values()) == {stack.key}
    stored = json.loads(boto3.client("kms").get_key_policy(KeyId=stack.key, PolicyName="default")["Policy"])
    assert stored == key_policy.key_policy("sallyport", stack.key)


def test_a_restored_table_serves_the_stack_and_no_token_from_before_is_good(
    operator: Operator, stack: AStack, clock: MovableTime
) -> None:
    user = stack.new_user()
    tokens = stack.log_in(user)
    clock.advance(2)
    operator.names["NOW"] = str(clock.time_ns() // 1_000_000_000)

    operator.follow("The table was restored")

    name = f"{stack.name}-restored"
    assert stack.functions["Login"].spec.environment["TABLE_NAME"] == name
    assert stack.refresh(tokens["refresh_token"]) == 401
    assert stack.refresh(stack.log_in(user)["refresh_token"]) == 200
    client = boto3.client("dynamodb")
    described = client.describe_table(TableName=name)["Table"]
    recovery = client.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    assert described["DeletionProtectionEnabled"]
    assert client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]["TimeToLiveStatus"] == "ENABLED"
    assert recovery["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"


def test_a_key_that_is_gone_is_replaced_and_users_log_in_again(operator: Operator, stack: AStack) -> None:
    user = stack.new_user()
    tokens = stack.log_in(user)
    before = stack.sealed_under()

    operator.follow("The KMS key is gone")

    new_key = operator.names["NEW_KEY_ARN"]
    assert stack.refresh(tokens["refresh_token"]) == 401
    assert stack.refresh(stack.log_in(user)["refresh_token"]) == 200
    assert set(stack.sealed_under().values()) == {new_key}
    assert not before.keys() & stack.sealed_under().keys()
    assert boto3.client("kms").get_key_rotation_status(KeyId=new_key)["KeyRotationEnabled"]


def test_a_new_stack_takes_up_a_table_whose_key_is_gone_and_makes_another(
    stack: AStack, cloudformation: CloudFormation
) -> None:
    user = stack.new_user()
    new = AStack(cloudformation)

    refused = new.deploy(ExistingTableArn=TABLE_ARN.format(stack.name))
    assert refused is not None
    assert stack.key in refused
    assert new.deploy(ExistingTableArn=TABLE_ARN.format(stack.name), LostKeyArn=stack.key) is None

    assert new.log_in(user)
    assert set(new.sealed_under().values()) == {new.key}


def test_a_key_that_was_to_be_deleted_is_taken_back(operator: Operator, stack: AStack) -> None:
    kms = boto3.client("kms")
    operator.names["KEY_ARN"] = key_id = stack.key.rpartition("/")[2]  # here moto knows a key by its id only
    kms.schedule_key_deletion(KeyId=key_id)

    operator.follow("The KMS key is about to be deleted")

    assert kms.describe_key(KeyId=stack.key)["KeyMetadata"]["KeyState"] == "Enabled"


def test_what_a_first_deployment_has_left_is_found_and_cleared_away(
    operator: Operator, stack: AStack, tmp_path: Path
) -> None:
    find, *clear = lines_of("The first deployment failed")
    boto3.client("dynamodb").update_table(TableName=stack.name, DeletionProtectionEnabled=True)
    events = [
        {"ResourceStatus": "DELETE_COMPLETE", "PhysicalResourceId": "sallyport-Login"},
        {"ResourceStatus": "DELETE_SKIPPED", "PhysicalResourceId": stack.name},
    ]

    found = aws_lines.run(shlex.split(find)[1:], tmp_path, ask=lambda *_: {"StackEvents": events})
    for line in clear:
        operator.type(line)

    assert found == [stack.name]
    assert stack.name not in boto3.client("dynamodb").list_tables()["TableNames"]


def test_every_aws_command_of_the_page_has_the_parameters_that_it_shows(cloud: Cloud, tmp_path: Path) -> None:
    (tmp_path / "key-policy.json").write_text("{}")
    commands = [
        shlex.split(line.strip())[1:]
        for line in re.findall(r"^ *(aws .+)$", PAGE, re.MULTILINE)
        if "wait" not in line.split()
    ]

    for words in commands:
        aws_lines.run(words, tmp_path, ask=lambda *_: {})

    assert len(commands) > 10


def test_a_key_that_seals_nothing_any_more_fails_the_deployment_and_the_daily_run_by_name(
    stack: AStack, wire: Wire
) -> None:
    wire.refuse("Encrypt", word="DisabledException")

    refused = stack.deploy()
    with pytest.raises(Exception, match=re.escape(stack.key)):
        stack.functions["RotateKeys"].invoke({})

    assert refused is not None
    assert stack.key in refused
    assert "DisabledException" in refused


def test_what_was_refused_for_its_key_can_be_rolled_back(stack: AStack) -> None:
    assert stack.deploy(ExistingKeyArn=create_key()) is not None
    stack.deployments -= 2  # the release from before

    assert stack.deploy() is None


def test_a_rollback_succeeds_although_kms_seals_nothing_any_more(stack: AStack, wire: Wire) -> None:
    """CloudFormation asks about the release from before, under the key that is broken."""
    wire.refuse("Encrypt", word="DisabledException")
    assert stack.deploy() is not None
    refused = len(stack.cloudformation.answers)

    stack.deployments -= 2  # the release from before
    stack.deploy()

    assert stack.cloudformation.answers[refused]["Status"] == "SUCCESS"


# The policy of a key that a stack takes up

KEY = "arn:aws-cn:kms:cn-north-1:123456789012:key/0f0e"
CONTEXTS = [
    {"use": "access", "kid": "k"},
    {"use": "refresh", "kid": "k"},
    {"use": "access", "kid": "k", "more": "x"},
    {"kid": "k"},
]


def by_the_policy(role: str, request: Request) -> bool:
    principal = f"arn:aws-cn:iam::123456789012:role/{role}"
    context = {**request.context, "aws:PrincipalArn": (principal,), "kms:CallerAccount": ("123456789012",)}
    statements = key_policy.key_policy("sallyport", KEY)["Statement"]
    using = [statement for statement in statements if statement["Principal"] == {"AWS": "*"}]
    return any(grants(statement, Request(request.action, context)) for statement in using)


@pytest.mark.parametrize("operation", ["Encrypt", "Decrypt"])
@pytest.mark.parametrize("context", CONTEXTS, ids=str)
def test_it_allows_each_role_of_the_stack_what_the_stacks_own_key_would(
    cloud: Cloud, operation: str, context: dict[str, str]
) -> None:
    (request,) = as_iam_sees("kms", operation, {"EncryptionContext": context})

    for name, role in roles().items():
        allowed = any(role.granting(request))
        assert by_the_policy(f"sallyport-{name}Role-1A2B3C", request) == allowed, name
        for other in (f"sallyport-staging-{name}Role-1A2B3C", f"{name}Role", f"sallyport-{name}"):
            assert not by_the_policy(other, request), other


def test_the_account_may_administer_it_and_not_use_it(cloud: Cloud) -> None:
    account, *rest = key_policy.key_policy("sallyport", KEY)["Statement"]

    assert account["Principal"] == {"AWS": "arn:aws-cn:iam::123456789012:root"}
    assert "kms:PutKeyPolicy" in account["Action"]
    assert not {"kms:Encrypt", "kms:Decrypt"} & set(account["Action"])
    for statement in rest:
        assert statement["Condition"]["StringEquals"]["kms:CallerAccount"] == "123456789012"
        assert listed(statement["Condition"]["ArnLike"]["aws:PrincipalArn"])


@pytest.mark.parametrize(("stack_name", "key", "because"), [
    ("s" * 37, KEY, "36 characters"), ("sallyport", "alias/mine", "not the ARN"), ("sallyport", "", "not the ARN"),
])  # fmt: skip
def test_a_policy_that_would_not_work_is_not_printed(
    cloud: Cloud, capsys: pytest.CaptureFixture[str], stack_name: str, key: str, because: str
) -> None:
    assert key_policy.main([stack_name, key]) == 2

    said = capsys.readouterr()
    assert said.out == ""
    assert because in said.err
