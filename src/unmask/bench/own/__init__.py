"""Evaluation of our own models: calibration and the tables of their cards."""
