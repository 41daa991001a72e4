"""SRM (Luo et al. 2021): forged faces by picture and noise, each looking at the other."""
