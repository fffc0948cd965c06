"""Accounts: who a user is and how they prove it. Rules and values."""
