"""The operator's command, `sallyport`. It runs on an operator's machine and is part of no function."""
