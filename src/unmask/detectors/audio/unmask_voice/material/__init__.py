"""Getting the sound that the voice detector is trained on: recordings, engines' speech, copies."""
