"""The small network of CIFAKE (Bird and Lotfi 2024), for pictures of 32 × 32 pixels."""
