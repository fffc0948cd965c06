"""The Lambda authorizer: the five events that API Gateway sends, and the two forms of response that it takes."""
