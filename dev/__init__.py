"""The whole cloud on a laptop: a local API Gateway and an embedded DynamoDB. Never deployed."""
