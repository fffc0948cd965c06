"""Revocation: how a token dies before it expires, and how an authorizer learns of it."""
