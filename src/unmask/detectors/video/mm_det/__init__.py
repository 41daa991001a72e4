"""MM-Det (Song et al. 2024), one branch of it: frames beside their like from a codebook."""
