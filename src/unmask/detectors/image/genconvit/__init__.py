"""GenConViT (Deressa et al. 2023): a face beside what an autoencoder makes of it."""
