"""QAD (Le and Woo 2023): one network for faces of every quality."""
