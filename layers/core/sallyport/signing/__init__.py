"""The life of signing keys: when one is made, which one signs, who can open it."""
