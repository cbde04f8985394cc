"""The kernels compiled for any machine of the architecture."""
