"""Xception (Rössler et al. 2019): the usual measure of detectors of forged faces."""
