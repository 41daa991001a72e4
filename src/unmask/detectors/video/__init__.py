"""Detectors whose input is video."""
