"""NPR (Tan et al. 2024): what up-sampling leaves between neighbouring pixels."""
