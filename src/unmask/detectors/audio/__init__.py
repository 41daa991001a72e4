"""Detectors whose input is audio."""
