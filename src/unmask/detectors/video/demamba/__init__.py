"""DeMamba (Chen et al. 2024): patches of a clip read by a selective state space model."""
