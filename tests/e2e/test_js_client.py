"""The client for browsers, React Native and Node: in moved time, on a live server, and as packages to install."""

import gzip
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import ROOT, running

_CLIENTS = ROOT / "clients"
_NODE_MODULES = ROOT / "tests/node/node_modules"
_MOST_BYTES = 6_000


@pytest.mark.parametrize("tests", ["field", "calls"])
def test_the_client_passes_its_tests_without_a_server(tests: str) -> None:
    _passes(f"clients/js/test/{tests}.test.js")


def test_the_client_passes_its_tests_against_a_live_server() -> None:
    with running(REVOCATION_MODE="strict") as server:
        _passes("clients/js/test/live.test.js", SALLYPORT_URL=server.url)


def test_the_react_package_passes_its_tests() -> None:
    _needs("react-test-renderer")
    _passes("clients/react/test/react.test.mjs")


def test_the_react_package_has_under_100_lines() -> None:
    assert sum(len(path.read_text().splitlines()) for path in _CLIENTS.glob("react/src/*")) < 100


@pytest.mark.parametrize("package", ["js", "react"])
def test_the_types_in_the_package_are_those_of_its_source(package: str, tmp_path: Path) -> None:
    _needs("typescript")
    _run(_NODE_MODULES / ".bin/tsc", "--project", _CLIENTS / package, "--outDir", tmp_path)

    assert _texts(tmp_path) == _texts(_CLIENTS / package / "types"), f"run tsc --project clients/{package}"


def test_the_entry_for_browsers_is_under_6_kb_compressed() -> None:
    _needs("esbuild")

    minified = _run(
        _NODE_MODULES / ".bin/esbuild", _CLIENTS / "js/src/index.js", "--bundle", "--minify", "--format=esm"
    )

    assert len(gzip.compress(minified.encode())) < _MOST_BYTES


def test_the_client_depends_on_nothing_and_the_versions_agree() -> None:
    client, react = (json.loads((_CLIENTS / name / "package.json").read_text()) for name in ("js", "react"))

    assert not {"dependencies", "peerDependencies", "devDependencies"} & client.keys()
    assert client["version"] == react["version"]
    assert react["peerDependencies"]["@sallyport/client"] == f"^{client['version']}"
    for path in _CLIENTS.glob("js/src/*.js"):
        imported = [line for line in path.read_text().splitlines() if line.startswith(("import ", "export {"))]
        assert all(' from "./' in line for line in imported), path


def test_the_packed_packages_install_into_a_strict_typescript_project_an_esbuild_and_a_vite_build(
    tmp_path: Path,
) -> None:
    _needs("vite")
    packed = [_pack(_CLIENTS / name, tmp_path) for name in ("js", "react")]
    project = tmp_path / "project"
    project.mkdir()
    (project / "package.json").write_text('{"private": true, "type": "module"}')
    _run("npm", "install", "--offline", "--no-audit", "--no-fund", "--legacy-peer-deps", *packed, cwd=project)
    for name in ("react", "@types"):
        (project / "node_modules" / name).symlink_to(_NODE_MODULES / name)
    (project / "page.ts").write_text(_PAGE)
    (project / "server.ts").write_text(_SERVER)
    (project / "index.html").write_text('<!doctype html><script type="module" src="page.ts"></script>')

    for resolution, module in (("bundler", "esnext"), ("nodenext", "nodenext")):
        options: dict[str, Any] = {
            "strict": True,
            "noEmit": True,
            "exactOptionalPropertyTypes": True,
            "noUncheckedIndexedAccess": True,
        }
        options |= {"module": module, "moduleResolution": resolution, "target": "es2022", "types": ["node"]}
        config = {"compilerOptions": options, "files": ["page.ts", "server.ts"]}
        (project / "tsconfig.json").write_text(json.dumps(config))
        _run(_NODE_MODULES / ".bin/tsc", "--project", project)
    bundled = _run(_NODE_MODULES / ".bin/esbuild", "page.ts", "--bundle", "--minify", "--format=esm", cwd=project)
    _run(_NODE_MODULES / ".bin/vite", "build", "--logLevel", "error", project, cwd=project)
    [built] = (project / "dist/assets").glob("*.js")
    _run(_NODE_MODULES / ".bin/esbuild", "server.ts", "--format=esm", "--outfile=server.mjs", cwd=project)
    ran = _run("node", "server.mjs", cwd=project)

    assert all("x-sallyport-csrf" in text for text in (bundled, built.read_text()))
    assert ran.strip() == "LoggedOut nobody"


_PAGE = """
import { LoggedOut, Problem, Sallyport, SallyportError, Unreachable, type State } from "@sallyport/client";
import { localStore } from "@sallyport/client/stores/browser";
import { SallyportProvider, useSession } from "@sallyport/react";

const origins = ["https://api.example.com"];
const sallyport = new Sallyport({ url: "https://auth.example.com", mode: "cookie", origins });
const stop: () => void = sallyport.on("ended", ({ reason, user }) => console.log(reason.toUpperCase(), user?.length));
export const state: State = sallyport.state;
export async function run(signal: AbortSignal): Promise<number> {
  try {
    const { kept }: { kept: boolean } = await sallyport.login("ann@example.com", "secret", { signal });
    const [device] = await sallyport.sessions({ signal });
    const answer: Response = await sallyport.fetch("https://api.example.com/orders", { method: "POST" });
    return kept && device?.current ? answer.status : device?.created_at ?? 0;
  } catch (error) {
    if (error instanceof Problem) return error.errors[0]?.field.length ?? error.retryAfter ?? error.status;
    if (error instanceof LoggedOut) return error.reason.length;
    if (error instanceof Unreachable || error instanceof SallyportError) return error.code.length;
    throw error;
  } finally {
    stop();
  }
}
// @ts-expect-error there is no such event
sallyport.on("logged", () => {});
// @ts-expect-error a proof is a token, or a request with its code
sallyport.verifyEmail({ request: "R" }, "secret");
export const body = new Sallyport({ url: "https://auth.example.com", store: localStore() });
export const drawn = [SallyportProvider({ sallyport, children: "text" }), () => useSession().isLoggedIn === true];
"""

_SERVER = """
import { LoggedOut, Sallyport } from "@sallyport/client";
import { fileStore } from "@sallyport/client/stores/node";
import { keychainStore, secureStore } from "@sallyport/client/stores/react-native";

export const stores = [keychainStore, secureStore];
const sallyport = new Sallyport({ url: "https://auth.example.com", store: fileStore("token") });
await sallyport.accessToken().catch((error: unknown) => {
  if (error instanceof LoggedOut) console.log(error.name, error.reason);
});
"""


def _pack(package: Path, folder: Path) -> Path:
    packed: dict[str, Any]
    [packed] = json.loads(_run("npm", "pack", "--json", "--pack-destination", folder, cwd=package))
    files = {entry["path"] for entry in packed["files"]}
    assert {"package.json", "README.md", "src/index.js", "types/index.d.ts"} <= files
    assert not any("test" in path or "tsconfig" in path for path in files)
    return folder / str(packed["filename"])


def _texts(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*.d.ts")}


def _needs(package: str) -> None:
    if not (_NODE_MODULES / package).is_dir():
        pytest.skip(f"{package} is not installed: npm was not found")


def _passes(tests: str, **variables: str) -> None:
    """Run tests in Node. What fails is told with the cause of its error."""
    if shutil.which("node") is None:
        pytest.skip("Node is not installed")
    ran = subprocess.run(
        ["node", "--test", "--test-reporter=spec", tests],
        cwd=ROOT, env={**os.environ, **variables}, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip

    assert ran.returncode == 0, ran.stdout[-8000:] + ran.stderr


def _run(*command: str | Path, cwd: Path = ROOT) -> str:
    ran = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout
