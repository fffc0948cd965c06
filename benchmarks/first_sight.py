"""The first sight of a token, beside what others do with it: without a runtime client, in one process each.

PyJWT's `jwt.decode` is the base. The least that anyone could use is one call of OpenSSL from Python: `verify` of
`cryptography`, which is the OpenSSL that we run on. `openssl speed` would measure the system's.
"""

import json
import subprocess
from typing import Any

from benchmarks.environments import HANDLERS, Place
from benchmarks.measured import Group, Times, group
from dev.sam.template import ROOT
from tests.support.tokens import ISSUER

TOKENS = 400
AUDIENCE = "sallyport"
_WAYS = {
    "jwt.decode": "decode",
    "ours, stateless": "first_sight",
    "OpenSSL's verify": "bare",
}
_NODE = "aws-jwt-verify"


def measure(place: Place, rounds: int) -> Group:
    """Verify new tokens in every way, in turns."""
    times = {name: Times() for name in (*_WAYS, _NODE)}
    with place.other("alone", REVOCATION_MODE="stateless").running() as alone:
        for _ in range(rounds):
            asked: dict[str, Any] = {"jwks": place.keys(), "issuer": ISSUER, "audience": AUDIENCE}
            asked["tokens"] = place.new_tokens(TOKENS)
            for name, way in _WAYS.items():
                times[name].cpu.append(alone.invoke({"way": way, **asked}))
            times[_NODE].cpu.append(_in_node(asked))
    return group(times, {"ours, stateless": 0.75})


def _in_node(asked: dict[str, Any]) -> float:
    script = (HANDLERS.parent / "aws_jwt_verify.mjs").read_text()
    program = ["node", "--input-type=module", "--eval", script]
    run = subprocess.run(  # noqa: S603  # ours
        program, cwd=ROOT / "tests/node", input=json.dumps(asked), capture_output=True, text=True, check=True
    )
    return float(run.stdout)
