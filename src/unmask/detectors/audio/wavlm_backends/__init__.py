"""Back ends on all layers of WavLM (Stourbe et al. 2024): MHFA, attentive statistics, a mean."""
