"""What an owner can do for a picture, a model or data of their own: one file each."""
