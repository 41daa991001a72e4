"""What made a detector score as it did: one file a way of asking, for any method."""
