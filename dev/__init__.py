"""The local server: an API Gateway, a Lambda host and an embedded AWS in one process. Never deployed."""
