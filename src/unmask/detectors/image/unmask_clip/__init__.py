"""A head on a frozen general encoder: did a camera make this picture, and this face?"""
