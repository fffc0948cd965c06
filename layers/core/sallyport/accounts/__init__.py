"""Accounts: who somebody is and how he proves it. Rules only."""
