"""How long calls to AWS wait, and how often they are tried."""

from typing import NamedTuple


class Patience(NamedTuple):
    """Seconds to connect, seconds between two pieces of an answer, and attempts, the first included."""

    connect_timeout: float
    read_timeout: float
    attempts: int


# A call that hangs must fail early enough for the function to answer 503 itself: API Gateway gives an authorizer ten
# seconds, in which up to three calls may hang, and up to five of a login (tests/faults/test_time_limits.py).
# Half a second to connect is enough: TCP repeats a lost first packet only after a whole one.
PATIENCE = Patience(connect_timeout=0.5, read_timeout=1, attempts=2)

# A mail whose answer nobody waited for is sent twice. No request waits for this one.
PATIENCE_WITH_SES = PATIENCE._replace(read_timeout=5)
