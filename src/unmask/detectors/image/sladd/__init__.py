"""SLADD (Chen et al. 2022): a detector and one that makes forgeries which are hard for it."""
