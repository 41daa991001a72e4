"""Real, generated or laundered by Stable Diffusion's autoencoder (Mandelli et al. 2024)."""
