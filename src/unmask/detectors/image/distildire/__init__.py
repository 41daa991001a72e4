"""DistilDIRE (Lim et al. 2024): one step of a diffusion model instead of forty."""
