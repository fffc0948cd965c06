"""https on this machine: a certificate for its own names, and how to trust it."""
