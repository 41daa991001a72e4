"""RTM's ASCFormer (Luo et al. 2024): edited text in photos of documents, receipts and screens."""
