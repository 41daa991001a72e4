"""Who it is: whether two faces or two voices are one person's, as likelihood ratios."""
