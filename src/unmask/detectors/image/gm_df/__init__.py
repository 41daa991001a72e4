"""GM-DF (Lai et al. 2024): one CLIP with experts for several datasets, trained to meet another."""
