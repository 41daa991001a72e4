"""After Web-IML (Qu et al. 2025): levels weighed by themselves, and a map that corrects itself."""
