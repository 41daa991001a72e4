"""MesoNet (Afchar et al. 2018): two very small networks for swapped and reenacted faces."""
