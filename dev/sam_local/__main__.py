"""`make sam-local`: serve what was built by `sam local start-api`, or invoke one function with `EVENT=`."""

import argparse
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from secrets import token_hex

from dev import decoys, demo
from dev.aws.cloud import LOCAL, Cloud, NoEngineError, never_reach_aws
from dev.aws.deployment import LOCAL_ORIGINS, Deployment, deploy
from dev.aws.recorded import RecordingClients
from dev.outbox import Outbox
from dev.sam.stack import WITHOUT_DEFAULT
from dev.sam.template import ROOT
from dev.sam_local import containers
from dev.sam_local.events import filled, function_of, log_in, prepare
from dev.walkthrough import sam_local_lines
from sallyport.aws.dynamodb.table import Table
from sallyport.clock import system_clock
from sallyport.errors import SettingsError, Unavailable
from sallyport.mail.mail import Mail

BUILT = ROOT / ".aws-sam/build/template.yaml"
SAM = ROOT / ".venv-sam/bin/sam"
OURS = ROOT / ".aws-sam/local"  # files for sam, which git ignores
DEFAULT_PORT = "3000"

_OF_THE_TEMPLATE = ("ALLOWED_ORIGINS",)  # sam gives functions the parameter's value, which also makes the CORS headers
_CREATED = ("TABLE_NAME", "KMS_KEY_ID", "MAIL_FROM", "APP_URL", "MAIL_CONFIGURATION_SET")


class Printed(Outbox):
    """Prints mails, because only `make dev` has a page for them."""

    def add(self, mail: Mail, *, at: int) -> None:
        super().add(mail, at=at)
        print(f"\nMail to {mail.to}: {mail.subject}\n\n{mail.text}", flush=True)


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    parser = argparse.ArgumentParser("python -m dev.sam_local", description=__doc__)
    parser.add_argument("--event", type=Path, help="invoke the function that this event is for, and end")
    asked = parser.parse_args(arguments)
    settings = dict(environ)
    try:
        function = function_of(asked.event.stem) if asked.event else None
        reached = containers.reach()
    except (containers.NoDockerError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    aws = Cloud(address=reached.address, called=reached.name, access_key=token_hex(16))
    try:
        never_reach_aws(aws)
        port = settings.get("PORT") or DEFAULT_PORT
        clients = RecordingClients(outbox=Printed(), clock=system_clock)
        deployed = deploy(f"http://127.0.0.1:{port}", settings, table_name="sallyport-local", clients=clients)
        table = Table(LOCAL.dynamodb(deployed.dynamodb_endpoint_url), deployed.table_name)
        decoys.make(table)
        demo.create_user(table)
        variables = _write("variables.json", {"Parameters": _variables(deployed, aws, settings)})
        if function is None:
            mode = deployed.functions["Authorizer"].spec.environment["REVOCATION_MODE"]
            with deployed.mail.running():
                return _serve(port, mode, variables, settings)
        with _prepared(asked.event, deployed, table, reached) as event:
            return _sam("invoke", function, "--event", str(event), variables=variables, settings=settings)
    except (SettingsError, Unavailable, NoEngineError) as error:
        print(f"Cannot start: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    finally:
        aws.close()


def _serve(port: str, mode: str, variables: Path, settings: Mapping[str, str]) -> int:
    url = f"http://127.0.0.1:{port}"
    print(f"sam local start-api serves {url}; each function's first request starts its container.")
    print(
        f"\nDemo user: {demo.EMAIL}, password: {demo.PASSWORD}\nTry it:\n\n{sam_local_lines(url, mode)}\n", flush=True
    )
    return _sam("start-api", "--port", port, "--warm-containers", "LAZY", variables=variables, settings=settings)


@contextmanager
def _prepared(event: Path, deployed: Deployment, table: Table, reached: containers.Reach) -> Iterator[Path]:
    """Bring the demo user's session into the state that the event asks for, and write the event with its tokens."""
    tokens = log_in(deployed.functions["Login"].invoke)
    prepare(event.stem, table, tokens)
    real = filled(event, tokens)
    with _cloudformation(reached) as url:
        if "ResponseURL" in real:
            real["ResponseURL"] = url
        yield _write("event.json", real)


@contextmanager
def _cloudformation(reached: containers.Reach) -> Iterator[str]:
    """Receive what a custom resource sends to CloudFormation, and print it."""

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            print(self.rfile.read(int(self.headers["content-length"])).decode(), flush=True)
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer((reached.address, 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://{reached.name}:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _variables(deployed: Deployment, aws: Cloud, settings: Mapping[str, str]) -> dict[str, str]:
    """Return the environment variables that differ from the template's, for every function that declares them."""
    environments = [function.spec.environment for function in deployed.functions.values()]
    declared = {name for environment in environments for name in environment}
    chosen = {name: settings[name] for name in declared if settings.get(name) and name not in _OF_THE_TEMPLATE}
    known = {name: value for environment in environments for name, value in environment.items()}
    created = {name: known[name] for name in _CREATED}
    queue = known["MAIL_QUEUE_URL"].replace(aws.url, aws.called_url)
    return {
        **chosen,
        **created,
        "ISSUER": known["ISSUER"],
        "MAIL_QUEUE_URL": queue,
        "AWS_ENDPOINT_URL": aws.called_url,
    }


def _write(name: str, content: object) -> Path:
    OURS.mkdir(parents=True, exist_ok=True)
    file = OURS / name
    file.write_text(json.dumps(content, indent=2))
    return file


def _sam(command: str, *arguments: str, variables: Path, settings: Mapping[str, str]) -> int:
    origins = settings.get("ALLOWED_ORIGINS") or LOCAL_ORIGINS
    page_headers = settings.get("ALLOWED_HEADERS", "").replace(" ", "")
    return subprocess.run(  # noqa: S603
        [
            str(SAM),
            "local",
            command,
            *arguments,
            *("--template", str(BUILT)),
            *("--env-vars", str(variables)),
            *(["--skip-pull-image"] if containers.has_image() else []),
            "--parameter-overrides",
            f"Architecture={containers.architecture()}",
            f"AllowedOrigins={origins.replace(' ', '')}",
            *([f"AllowedHeaders={page_headers}"] if page_headers else []),
            *(f"{name}={value}" for name, value in WITHOUT_DEFAULT.items()),
        ],
        check=False,
        # sam asks STS for the account's id, which nobody here answers: it need not ask five times
        env={**os.environ, "SAM_CLI_TELEMETRY": "0", "AWS_MAX_ATTEMPTS": "1"},
    ).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
