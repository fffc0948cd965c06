"""Signing keys: what one is, who remembers them, and how long each lives."""
