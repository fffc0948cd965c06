"""Tokens: their strict envelope, their claims, and the three kinds. No I/O."""
