"""FakeSound's detector (Xie et al. 2024): which moments of any sound were made."""
