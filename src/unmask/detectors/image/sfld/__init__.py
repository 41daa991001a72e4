"""SFLD (Gye et al. 2025): CLIP on the picture and on the same picture cut up and mixed."""
