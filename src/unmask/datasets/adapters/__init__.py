"""Public datasets, one file each: what its folder holds, turned into a manifest."""
