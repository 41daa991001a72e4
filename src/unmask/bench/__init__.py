"""Stored predictions, and every number that is computed from them."""
