"""CLIP with tuned norms (Yermakov et al. 2025): features on a sphere, a linear head."""
