"""TALL (Xu et al. 2023): four frames laid out as one thumbnail."""
