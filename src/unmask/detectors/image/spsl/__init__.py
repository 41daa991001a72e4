"""SPSL (Liu et al. 2021): forged faces by the phase of their spectrum."""
