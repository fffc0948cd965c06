"""In place of urllib3's own, which imports `importlib.metadata`, for those who switch HTTP/2 on."""
