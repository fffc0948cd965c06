"""Endpoints: from a Request to a use case, and from what that returns to a Response."""
