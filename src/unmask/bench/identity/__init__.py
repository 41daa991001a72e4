"""What comparing people is worth: pairs, gates, morphs, figures and the page that tells them."""
