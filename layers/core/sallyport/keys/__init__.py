"""Signing keys: what one is, how it is stored and remembered, and how long it lives."""
