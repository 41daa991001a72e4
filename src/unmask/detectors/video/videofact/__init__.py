"""VideoFACT (Nguyen, Fang and Stamm 2024): forensic traces weighed by the scene around them."""
