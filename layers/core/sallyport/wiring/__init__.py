"""One module per function: `build(environ)` connects its parts and answers its handler. Nothing else connects things.

`storage`, `verification` and `issuing` hold what several functions connect in the same way. Building opens no
connection and reads no secret: a snapshot of a built function (SnapStart) may be restored a thousand times.
"""
