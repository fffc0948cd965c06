"""Sallyport: a serverless authentication backend. The map of this package is in docs/architecture.md."""
