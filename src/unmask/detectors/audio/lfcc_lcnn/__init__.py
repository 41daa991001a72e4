"""LFCC-LCNN (Wang and Yamagishi 2021): cepstra, a light convolutional network, two LSTMs."""
