"""The Lambda authorizer: the five events that API Gateway asks with, and the two forms of answer that it takes."""
