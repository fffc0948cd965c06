"""As much of CloudFormation and S3 as `sam deploy` talks to: a stack is created or updated at once, as it was asked.

Every call is kept as IAM sees it: an action on a resource.
"""

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

BUCKET = "aws-sam-cli-managed-default-samclisourcebucket-1"
SERVERLESS = "arn:aws:cloudformation:us-east-1:aws:transform/Serverless-2016-10-31"

_ID = "arn:aws:cloudformation:us-east-1:123456789012:{}/{}/1"
_CREATED = "<Id>{}</Id><StackId>{}</StackId>"
_NO_STACK = (
    "<ErrorResponse><Error><Code>ValidationError</Code>"
    "<Message>Stack with id {} does not exist</Message></Error></ErrorResponse>"
)
_SAMS_OWN = "aws-sam-cli-managed-default"  # the stack with the bucket that sam uploads to
_SAMS_OWN_DETAILS = (
    "<Tags><member><Key>ManagedStackSource</Key><Value>AwsSamCli</Value></member></Tags>"
    "<Outputs><member><OutputKey>SourceBucket</OutputKey><OutputValue>" + BUCKET + "</OutputValue></member></Outputs>"
)
_ONE_CHANGE = (
    "<Changes><member><Type>Resource</Type><ResourceChange><Action>Add</Action>"
    "<LogicalResourceId>Table</LogicalResourceId><ResourceType>AWS::DynamoDB::Table</ResourceType></ResourceChange></member></Changes>"
)


@dataclass
class Account:
    """The stacks of an account: the parameters that each was deployed with, in order, and the roles handed over."""

    url: str = ""
    deployed: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    uses: list[tuple[str, str]] = field(default_factory=list)
    roles: list[str] = field(default_factory=list)
    executed: int = 0
    skipped: list[tuple[str, str]] = field(default_factory=list)

    def environment(self) -> dict[str, str]:
        """Return the variables of a process whose calls to AWS reach this account and no other."""
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "standin",
            "AWS_SECRET_ACCESS_KEY": "standin",
            "AWS_DEFAULT_REGION": "us-east-1",
            "SAM_CLI_POLL_DELAY": "0.1",
            "SAM_CLI_TELEMETRY": "0",
        }

    def call(self, action: str, asked: Mapping[str, str]) -> tuple[int, str]:
        """Return the status and the XML of an answer."""
        stack = asked.get("StackName", "").removeprefix(_ID.format("stack", "").removesuffix("/1")).removesuffix("/1")
        self.uses.append((f"cloudformation:{action}", _ID.format("stack", stack)))
        if action == "DescribeStacks" and stack not in (_SAMS_OWN, *self.deployed):
            return 400, _NO_STACK.format(stack)
        return 200, _result(action, self._content(action, stack, asked))

    def _content(self, action: str, stack: str, asked: Mapping[str, str]) -> str:
        match action:
            case "DescribeStacks":
                return self._described(stack)
            case "CreateChangeSet":
                self.deployed.setdefault(stack, []).append(_with_values(asked))
                self.uses.append(("cloudformation:CreateChangeSet", SERVERLESS))
                self.roles.extend(role for name, role in asked.items() if name == "RoleARN")
                return _CREATED.format(_ID.format("changeSet", stack), _ID.format("stack", stack))
            case "DescribeChangeSet":
                return f"<Status>CREATE_COMPLETE</Status>{_ONE_CHANGE}"
            case "ExecuteChangeSet":
                self.executed += 1
            case "DescribeStackEvents":
                return _events(stack, self.executed, self.skipped)
            case "GetTemplateSummary":
                return self._parameters(stack)
        return ""

    def _described(self, stack: str) -> str:
        if stack == _SAMS_OWN:
            return _stack(stack, "CREATE_COMPLETE", _SAMS_OWN_DETAILS)
        status = "UPDATE_COMPLETE" if len(self.deployed[stack]) > 1 else "CREATE_COMPLETE"
        return _stack(stack, status, self._parameters(stack))

    def _parameters(self, stack: str) -> str:
        names = {name for given in self.deployed[stack] for name in given}
        keys = "".join(f"<member><ParameterKey>{name}</ParameterKey></member>" for name in names)
        return f"<Parameters>{keys}</Parameters>"


def _with_values(asked: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters that bring a value along. The others keep the one that the stack has."""
    numbered = {key.split(".")[2]: name for key, name in asked.items() if key.endswith(".ParameterKey")}
    values = {name: asked.get(f"Parameters.member.{number}.ParameterValue") for number, name in numbered.items()}
    return {name: value for name, value in values.items() if value is not None}


def _result(action: str, content: str) -> str:
    namespace = "http://cloudformation.amazonaws.com/doc/2010-05-15/"
    return f'<{action}Response xmlns="{namespace}"><{action}Result>{content}</{action}Result></{action}Response>'


def _stack(name: str, status: str, details: str) -> str:
    created = "<CreationTime>2026-01-01T00:00:00Z</CreationTime>"
    identity = f"<StackName>{name}</StackName><StackStatus>{status}</StackStatus>"
    return f"<Stacks><member>{identity}{created}{details}</member></Stacks>"


def _events(stack: str, executed: int, skipped: list[tuple[str, str]]) -> str:
    """Return the newest event, that the stack's last change is complete, and what CloudFormation kept."""
    newest = _event(stack, executed, "AWS::CloudFormation::Stack", _ID.format("stack", stack), "UPDATE_COMPLETE")
    kept = (_event(stack, executed, kind, name, "DELETE_SKIPPED") for kind, name in skipped)
    return f"<StackEvents>{newest}{''.join(kept)}</StackEvents>"


def _event(stack: str, executed: int, kind: str, name: str, status: str) -> str:
    return (
        f"<member><EventId>{executed}</EventId><Timestamp>2026-01-01T00:00:{executed:02}Z</Timestamp>"
        f"<StackId>{_ID.format('stack', stack)}</StackId><PhysicalResourceId>{name}</PhysicalResourceId>"
        f"<StackName>{stack}</StackName><LogicalResourceId>{stack}</LogicalResourceId>"
        f"<ResourceType>{kind}</ResourceType><ResourceStatus>{status}</ResourceStatus></member>"
    )


@contextmanager
def account() -> Iterator[Account]:
    """Run the stand-in on a loopback port."""
    standing_in = Account()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            asked = dict(parse_qsl(self._body().decode()))
            self._answer(*standing_in.call(asked.get("Action", ""), asked))

        def do_PUT(self) -> None:
            self._body()
            self._object("s3:PutObject")
            self._answer(200, "")

        def do_HEAD(self) -> None:
            self._object("s3:GetObject")
            self._answer(404, "")

        def do_GET(self) -> None:
            self._answer(404, "")

        def _object(self, action: str) -> None:
            standing_in.uses.append((action, f"arn:aws:s3:::{self.path.partition('?')[0].lstrip('/')}"))

        def _body(self) -> bytes:
            return self.rfile.read(int(self.headers.get("content-length", 0)))

        def _answer(self, status: int, text: str) -> None:
            self.send_response(status)
            self.send_header("content-type", "text/xml")
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    standing_in.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield standing_in
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
