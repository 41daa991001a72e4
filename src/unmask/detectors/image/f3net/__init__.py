"""F3-Net (Qian et al. 2020): forged faces by bands of their frequencies."""
