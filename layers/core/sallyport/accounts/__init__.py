"""Accounts: who somebody is and how they prove it. Rules only."""
