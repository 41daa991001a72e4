"""The whole files of the study: which there are, where they come from, and bringing them."""
