"""MMFusion (Triaridis and Mezaris 2024): three forensic filters mixed before a second stream."""
