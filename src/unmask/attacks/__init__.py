"""Attacks on detectors, to measure how they fail: one file each, run inside the bench only."""
