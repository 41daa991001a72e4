"""The light on a face, taken apart: texture, light that comes straight, and what shines back.

After Fei, Jia, Huang, Zhang and Zhou 2026, "Exploring Specular Reflection Inconsistency for
Generalizable Face Forgery Detection", section 3. The shape comes from the face mesh, which is on
the user's shelf.
"""
