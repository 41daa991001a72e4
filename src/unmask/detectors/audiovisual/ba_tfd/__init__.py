"""BA-TFD (Cai et al. 2022): which stretches of a talking video were forged, the first form."""
