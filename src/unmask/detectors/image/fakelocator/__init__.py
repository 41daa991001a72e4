"""After FakeLocator (Huang et al. 2022): how much of each pixel of a face was made, in grey."""
