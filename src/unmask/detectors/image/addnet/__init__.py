"""ADDNet (Zi et al. 2020): features weighed by where the face and its organs are."""
