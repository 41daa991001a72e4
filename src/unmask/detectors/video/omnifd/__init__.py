"""OmniFD: one network for pictures, videos, where and when."""
