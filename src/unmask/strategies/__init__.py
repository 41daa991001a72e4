"""Ways of training that wrap any method: one file each, chosen by a line of a recipe."""
