"""AASIST on wav2vec 2.0 XLS-R (Tak et al. 2022), or on WavLM, fine-tuned."""
