"""OmniAID (Guo et al. 2025): experts along the least singular directions of CLIP, and a router."""
