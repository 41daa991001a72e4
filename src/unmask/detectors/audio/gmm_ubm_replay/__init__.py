"""A background mixture and its two adaptations, against replay (Balamurali et al. 2019)."""
