"""BA-TFD+: which seconds of a talking video were forged (Cai et al. 2023)."""
