"""O01, O02: markers sent through every endpoint, and nothing of them in any log line."""

import json

from tests.e2e.conftest import running

CANARY = "canary-7f3a9c"


def test_o01_o02_no_secret_and_no_forged_line_reaches_the_log() -> None:
    with running() as server:
        tokens = server.log_in()
        secrets = [tokens["access_token"], tokens["refresh_token"], tokens["device_token"], "correct horse"]
        secrets += [segment for token in secrets[:3] for segment in token.split(".")[1:]]
        noise = {"User-Agent": f"{CANARY}%s{{}}\x1b[31m", "X-Forwarded-For": CANARY, "Cookie": f"a={CANARY}"}
        bodies = [
            {"email": f"{CANARY}@example.com", "password": CANARY},
            {"email": f"{CANARY}\r\n\u2028", "password": CANARY},
            {"email": "demo@example.com", "password": CANARY * 200},
            {"email": CANARY, "password": CANARY, CANARY: CANARY},
            {"refresh_token": CANARY},
            {"refresh_token": tokens["access_token"] + CANARY},
            {"refresh_token": tokens["refresh_token"], CANARY: 1},
            [CANARY],
            CANARY,
        ]
        for path in ("/auth/login", "/auth/refresh", "/auth/logout"):
            for body in bodies:
                server.request("POST", path, json=body, headers=noise)
            server.request("POST", path, content=b"{" + CANARY.encode(), headers={"content-type": "application/json"})
        for authorization in (f"Bearer {CANARY}", f"Bearer {tokens['refresh_token']}", CANARY, f"Basic {CANARY}"):
            server.request("GET", "/auth/me", headers={**noise, "Authorization": authorization})
        server.me(tokens["access_token"])
        server.post("/auth/refresh", {"refresh_token": tokens["refresh_token"]})
        server.request("POST", "/auth/logout", headers={**noise, "Authorization": f"Bearer {tokens['access_token']}"})

        server.process.interrupt()
        printed = "".join(server.process.logged) + server.process.said.partition("READY")[0]

    for line in server.process.logged:
        json.loads(line)
    assert len(server.process.logged) >= 3 * 10 + 4 + 2
    for secret in [CANARY, *secrets]:
        assert secret not in printed
