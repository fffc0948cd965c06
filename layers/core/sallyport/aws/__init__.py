"""The only place that knows AWS: events, DynamoDB, KMS, EventBridge, logs and metrics."""
