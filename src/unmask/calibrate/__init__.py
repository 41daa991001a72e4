"""Thresholds and likelihood ratios from a user's own material, with birth certificates."""
