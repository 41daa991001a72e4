"""EfficientNet-B4 on faces (Tan and Le 2019), as DeepfakeBench trains it."""
