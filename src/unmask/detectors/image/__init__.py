"""Detectors whose input is image."""
