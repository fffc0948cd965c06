"""One table. Its items are described in docs/architecture.md."""
