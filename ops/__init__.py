"""What runs before a deployment, during one, or against a deployed stack. Never deployed itself."""
