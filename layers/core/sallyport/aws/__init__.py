"""The only place that knows AWS: events, DynamoDB, KMS, logs and metrics."""
