"""ImagiNet's baseline (Boychev and Cholakov 2024): self-contrast on a fine-grained ResNet."""
