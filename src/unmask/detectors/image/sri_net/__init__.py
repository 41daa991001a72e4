"""SRI-Net (Fei et al. 2026): whether what shines on a face fits its texture and the light on it."""
