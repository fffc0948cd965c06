"""Run a command until standard input ends, then kill all that it started: `python -m tests.support.keeper COMMAND ...`.

Start this in a session of its own (`start_new_session=True`) and hold its standard input. Then nothing stays behind,
even if who started it is killed: the input ends with them.
"""

import os
import signal
import subprocess
import sys
import threading


def main(command: list[str]) -> None:
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    threading.Thread(target=lambda: _end(process), daemon=True).start()
    sys.stdin.buffer.read()
    os.killpg(0, signal.SIGKILL)  # this process is in the group, too


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End with the command, if it ends by itself."""
    process.wait()
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main(sys.argv[1:])
