"""Tokens: their strict envelope, their claims, the keys that sign them. No I/O."""
