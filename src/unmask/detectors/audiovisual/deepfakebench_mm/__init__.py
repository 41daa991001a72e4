"""The baseline of DeepfakeBench-MM: two residual networks over time, picture and sound."""
