"""A client for calls that only read: small, of the standard library alone, and quick to load.

docs/decisions/0013-signed-reads.md says why there is one, what it can do and what is left to botocore.
"""
