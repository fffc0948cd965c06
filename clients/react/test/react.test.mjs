// The provider and the hook, drawn by react-test-renderer. They are imported from tests/node/node_modules, where React is.
import assert from "node:assert/strict";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";

const CLIENTS = join(dirname(fileURLToPath(import.meta.url)), "../..");
const MODULES = join(CLIENTS, "../tests/node/node_modules");
globalThis.IS_REACT_ACT_ENVIRONMENT = true;

// The two packages as they are installed, beside React.
const folder = await mkdtemp(join(MODULES, ".react-"));
after(() => rm(folder, { recursive: true }));
await cp(join(CLIENTS, "react"), join(folder, "react"), { recursive: true });
const load = (path) => import(pathToFileURL(path).href);
const { SallyportProvider, useSession } = await load(join(folder, "react/src/index.js"));
const { createElement, Component } = await load(join(MODULES, "react/index.js")).then((module) => module.default);
const { act, create } = await load(join(MODULES, "react-test-renderer/index.js")).then((module) => module.default);
const { Sallyport } = await load(join(CLIENTS, "js/src/index.js"));
const { memoryHint, nobody, Service, URL } = await load(join(CLIENTS, "js/test/world.js"));

function browser() {
  const service = new Service();
  service.latency = 0;
  const fetch = service.fetch(new Map());
  const hint = memoryHint();
  return { service, tab: () => new Sallyport({ url: URL, mode: "cookie", fetch, hint, channel: null }) };
}

function Shown({ seen }) {
  const { status, user, isLoading, isLoggedIn, sallyport } = useSession();
  seen.push(status);
  assert.ok(sallyport.fetch);
  return `${status} ${user} ${isLoading} ${isLoggedIn}`;
}

async function drawn(sallyport, props = {}) {
  const seen = [];
  let tree;
  await act(async () => {
    tree = create(createElement(SallyportProvider, { sallyport, ...props }, createElement(Shown, { seen })));
  });
  return { tree, seen };
}

test("a stranger is shown as such, and a login, logout and end are drawn", async () => {
  const { tab, service } = browser();
  const sallyport = tab();
  const { tree, seen } = await drawn(sallyport);
  assert.equal(tree.toJSON(), "out null false false");
  assert.deepEqual([seen[0], service.paths()], ["unknown", []]);

  await act(() => sallyport.login("ann@example.com", "x"));
  assert.equal(tree.toJSON(), "in ann false true");
  service.sessions.clear();
  await act(() => sallyport.refresh().catch(() => {}));
  assert.equal(tree.toJSON(), "ended ann false false");
});

test("whoever was logged in before the reload is in", async () => {
  const { tab } = browser();
  await tab().login("ann@example.com", "x");

  const { tree } = await drawn(tab());

  assert.equal(tree.toJSON(), "in ann false true");
});

test("while Sallyport is away nothing is known, and the error is told", async () => {
  const { tab, service } = browser();
  await tab().login("ann@example.com", "x");
  service.instead.set("/auth/refresh", nobody);
  const errors = [];

  const { tree } = await drawn(tab(), { onError: (error) => errors.push(error.name) });

  assert.equal(tree.toJSON(), "unknown null true false");
  assert.deepEqual(errors, ["Unreachable"]);
});

test("a refresh alone draws nothing anew, and what is gone from the page hears nothing", async () => {
  const { tab } = browser();
  const sallyport = tab();
  const { tree, seen } = await drawn(sallyport);
  await act(() => sallyport.login("ann@example.com", "x"));
  const before = seen.length;
  await act(() => sallyport.refresh());
  assert.equal(seen.length, before);

  await act(() => tree.unmount());
  await act(() => sallyport.logout());

  assert.equal(seen.length, before);
});

test("without a provider the hook says what is missing", async () => {
  const thrown = [];
  class Boundary extends Component {
    componentDidCatch(error) {
      thrown.push(error.message);
    }
    static getDerivedStateFromError = () => ({ failed: true });
    render() {
      return this.state?.failed ? null : this.props.children;
    }
  }
  const silent = console.error;
  console.error = () => {};
  try {
    await act(async () => void create(createElement(Boundary, null, createElement(Shown, { seen: [] }))));
  } finally {
    console.error = silent;
  }

  assert.match(thrown[0], /SallyportProvider/);
});
