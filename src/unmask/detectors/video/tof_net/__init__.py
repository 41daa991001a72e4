"""TOF-Net (Yang et al. 2025): whole bodies that move as nobody does."""
