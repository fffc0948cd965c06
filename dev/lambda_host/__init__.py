"""Runs functions as Lambda does: environments, one request at a time in each, a time limit, a clock."""
