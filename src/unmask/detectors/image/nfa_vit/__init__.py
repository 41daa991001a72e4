"""NFA-ViT (Cai et al. 2026): a noise stream says where a photo's stream must not look away from."""
