"""UCF (Yan et al. 2023): what all forgeries share, told apart from what each has of its own."""
