"""One module per function: `build(environ)` connects its parts and returns its handler. Nothing else connects things.

`parts` holds what several functions connect in the same way. `build` opens no connection and reads no secret, because a
snapshot of a built function (SnapStart) may be restored a thousand times. `clock` and `clients` are what a laptop and
tests replace.
"""

import gc

# What a function loads lives as long as its environment, and a request leaves nothing that only the collector frees.
# So looking for it a thousand times less often costs no memory, and a cold start no collections (docs/performance.md).
gc.set_threshold(100_000)
