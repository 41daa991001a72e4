"""Detectors that see and hear."""
