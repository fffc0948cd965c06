"""The HTTP side: a local API Gateway in front of the functions, and who may come in."""
