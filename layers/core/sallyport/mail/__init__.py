"""Mails: what a letter says, in words of the reader's language. Knows no AWS."""
