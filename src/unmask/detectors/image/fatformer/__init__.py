"""FatFormer (Liu et al. 2024): CLIP adapted in space and frequency, aligned with words."""
