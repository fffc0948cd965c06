"""What each endpoint takes and answers: from a Request to a use case and back."""
