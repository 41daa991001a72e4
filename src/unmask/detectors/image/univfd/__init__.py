"""UnivFD (Ojha et al. 2023): one line through the space of CLIP."""
