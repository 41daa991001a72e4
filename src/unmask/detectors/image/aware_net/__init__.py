"""AWARE-NET (Salman et al. 2025): plain means within families, learnt weights over them."""
