"""A ResNet and an Xception together, taught by focal loss (Shamanth et al. 2022)."""
