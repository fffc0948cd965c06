// Take from this tab what older engines do not have: `?without=timeout,locks,channel`.
const without = new URLSearchParams(location.search).get("without") ?? "";
if (without.includes("timeout")) delete AbortSignal.timeout, delete AbortSignal.any;
if (without.includes("locks")) Object.defineProperty(Navigator.prototype, "locks", { get: () => undefined });
if (without.includes("channel")) delete window.BroadcastChannel;
