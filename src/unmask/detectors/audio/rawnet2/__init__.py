"""RawNet2 against spoofed speech (Tak et al. 2021): raw sound, residual blocks and a GRU."""
