"""ClassNSeg (Nguyen et al. 2019): a forged face and its mask from one code."""
