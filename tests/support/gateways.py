"""Gateways of others (nginx, Caddy, Envoy, Traefik, HAProxy) before a small application, with Sallyport behind them."""

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import certifi
import pytest

from dev.gateway.events import HttpRequest, HttpResponse
from dev.sam.template import ROOT
from tests.support.ports import answers, free_ports

EXAMPLES = ROOT / "examples/gateways"


@contextmanager
def served(answer: Callable[[HttpRequest], HttpResponse]) -> Iterator[int]:
    """Serve `answer` on a port of 127.0.0.1."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = tuple((name.lower(), value) for name, value in self.headers.items())
            request = HttpRequest(self.command, self.path, headers, body, "127.0.0.1", self.protocol_version)
            response = answer(request)
            self.send_response(response.status)
            for name, value in response.headers:
                self.send_header(name, value)
            if response.status != 204:
                self.send_header("content-length", str(len(response.body)))
            self.end_headers()
            if self.command != "HEAD" and response.status != 204:
                self.wfile.write(response.body)

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _any  # noqa: N815

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Application:
    """The application behind the gateway. It says what it was told, and notes each request."""

    requests: list[HttpRequest] = field(default_factory=list)

    def answer(self, request: HttpRequest) -> HttpResponse:
        self.requests.append(request)
        said = {
            "method": request.method,
            "target": request.target,
            "body": request.body.decode(),
            "headers": [[name, value] for name, value in request.headers],
        }
        return HttpResponse(200, (("content-type", "application/json"),), json.dumps(said).encode())


def replaced(file: Path, changes: dict[str, str]) -> str:
    """Read an example with other names. Each of them has to be there, so that a test runs what it says."""
    text = file.read_text()
    for old, new in changes.items():
        assert old in text, f"{file} has no {old!r} any more"
        text = text.replace(old, new)
    return text


def installed(program: str, advice: str = "") -> str:
    """Find a program, or skip the test."""
    found = shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin:{ROOT / '.venv-gateways/bin'}")
    if found is None:
        pytest.skip(f"{program} is not installed: {advice or f'apt-get install {program}'}")
    return found


@contextmanager
def nginx(folder: Path, *, sallyport: int, application: int) -> Iterator[int]:
    program, (port,) = installed("nginx"), free_ports(1)
    names = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    own_folders = "".join(f"{name}_temp_path {folder}/{name}; " for name in names)
    config = folder / "nginx.conf"
    config.write_text(
        replaced(
            EXAMPLES / "nginx/nginx.conf",
            {
                "pid /run/nginx.pid": f"pid {folder}/nginx.pid",
                "error_log /var/log/nginx/error.log": "error_log stderr",
                "access_log /var/log/nginx/access.log": f"{own_folders}access_log {folder}/access.log",
                "/run/nginx-sallyport": f"{folder}/answers",
                "listen 443 ssl;": f"listen 127.0.0.1:{port};",
                "ssl_certificate /etc/ssl/app.example.com.pem;": "",
                "ssl_certificate_key /etc/ssl/app.example.com.key;": "",
                "https://$sallyport": "http://$sallyport",
                "auth.example.com;": f"127.0.0.1:{sallyport};",
                "/etc/ssl/certs/ca-certificates.crt": certifi.where(),
                "127.0.0.1:8000": f"127.0.0.1:{application}",
                "worker_processes auto": "worker_processes 1",
            },
        )
    )
    as_root = " user root;" if os.getuid() == 0 else ""
    more = ["-p", str(folder), "-e", "stderr", "-g", f"daemon off;{as_root}"]
    with running([program, "-c", str(config), *more], port, folder):
        yield port


@contextmanager
def caddy(folder: Path, *, sallyport: int, application: int) -> Iterator[int]:
    program, (port,) = installed("caddy"), free_ports(1)
    config = folder / "Caddyfile"
    text = replaced(
        EXAMPLES / "caddy/Caddyfile",
        {
            "https://auth.example.com": f"http://127.0.0.1:{sallyport}",
            "app.example.com {": f"http://127.0.0.1:{port} {{",
            "127.0.0.1:8000": f"127.0.0.1:{application}",
        },
    )
    config.write_text("{\n\tadmin off\n}\n" + text)
    with running([program, "run", "--config", str(config), "--adapter", "caddyfile"], port, folder):
        yield port


@contextmanager
def envoy(folder: Path, *, sallyport: int, application: int) -> Iterator[int]:
    program, (port, between) = installed("envoy", "make gateways"), free_ports(2)
    config = folder / "envoy.yaml"
    example = EXAMPLES / "envoy/envoy.yaml"
    text = example.read_text()
    tls_of_visitors = text[
        text.index("- transport_socket:") : text.index("filters:\n            - name: envoy.filters.net")
    ]
    tls_to_sallyport = text[text.index("      transport_socket:\n        name: envoy.transport_sockets.tls\n") :]
    config.write_text(
        replaced(
            example,
            {
                tls_of_visitors: "- ",
                tls_to_sallyport: "",
                "0.0.0.0, port_value: 443": f"127.0.0.1, port_value: {port}",
                "address: auth.example.com, port_value: 443": f"address: 127.0.0.1, port_value: {sallyport}",
                "host_rewrite_literal: auth.example.com": f"host_rewrite_literal: 127.0.0.1:{sallyport}",
                "9901": str(between),
                "port_value: 8000": f"port_value: {application}",
            },
        )
    )
    with running([program, "-c", str(config), "--concurrency", "1", "--disable-hot-restart"], port, folder):
        yield port


@contextmanager
def traefik(folder: Path, *, sallyport: int, application: int) -> Iterator[int]:
    program, (port,) = installed("traefik", "make gateways"), free_ports(1)
    dynamic, static = folder / "dynamic.yaml", folder / "traefik.yaml"
    example = EXAMPLES / "traefik/dynamic.yaml"
    text = example.read_text()
    dynamic.write_text(
        replaced(
            example,
            {
                text[text.index("\ntls:\n") :]: "\n",
                "https://auth.example.com": f"http://127.0.0.1:{sallyport}",
                "app.example.com`": "127.0.0.1`",
                "      tls: {}\n": "",
                "127.0.0.1:8000": f"127.0.0.1:{application}",
            },
        )
    )
    static.write_text(
        replaced(
            EXAMPLES / "traefik/traefik.yaml",
            {'":443"': f"127.0.0.1:{port}", "/etc/traefik/dynamic.yaml": str(dynamic)},
        )
    )
    with running([program, f"--configFile={static}"], port, folder):
        yield port


@contextmanager
def haproxy(folder: Path, *, keys: Sequence[bytes], issuer: str, application: int) -> Iterator[int]:
    """Start HAProxy with these keys, in PEM."""
    program, (port,) = installed("haproxy"), free_ports(1)
    for number in range(4):
        (folder / f"access-{number + 1}.pem").write_bytes(keys[number % len(keys)])
    config = folder / "haproxy.cfg"
    config.write_text(
        replaced(
            EXAMPLES / "haproxy/haproxy.cfg",
            {
                "bind :443 ssl crt /etc/haproxy/app.example.com.pem": f"bind 127.0.0.1:{port}",
                "/etc/haproxy/sallyport/": f"{folder}/",
                "https://auth.example.com": issuer,
                "127.0.0.1:8000": f"127.0.0.1:{application}",
            },
        )
    )
    with running([program, "-db", "-f", str(config)], port, folder):
        yield port


@contextmanager
def running(command: list[str], port: int, folder: Path) -> Iterator[None]:
    """Run a server until the block ends. Its log is in `folder`."""
    environment = {**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, env=environment)
        try:
            while not answers(port):
                if process.poll() is not None:
                    pytest.fail((folder / "log").read_text())
            yield
        finally:
            process.terminate()
            process.wait()
