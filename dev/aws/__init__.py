"""The embedded AWS, and what CloudFormation would have created in it."""
