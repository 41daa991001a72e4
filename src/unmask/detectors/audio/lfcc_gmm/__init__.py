"""Cepstra and two mixtures of Gaussians, the baseline of WaveFake and of ASVspoof."""
