"""Sessions: one login on one device. Rules and values."""
