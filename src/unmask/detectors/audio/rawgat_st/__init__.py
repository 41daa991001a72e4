"""RawGAT-ST (Tak et al. 2021): graphs of bands and of moments on raw sound, joined."""
