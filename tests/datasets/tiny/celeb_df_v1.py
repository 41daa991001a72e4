from tiny.celeb_df_v2 import COUNT, EXPECTED, MISSING, SHARED, make

__all__ = ["COUNT", "EXPECTED", "MISSING", "SHARED", "make"]
