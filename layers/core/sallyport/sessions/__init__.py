"""Sessions: one login on one device, and what is done with it."""
