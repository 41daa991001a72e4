"""LRNet (Sun et al. 2021): forged faces by how 68 points of them move."""
