"""Detectors whose input is a picture with its text."""
