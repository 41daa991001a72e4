"""M2TR (Wang et al. 2022): patches of several sizes and the spectrum of a face's early maps."""
