"""A company of our own invention, for the first five minutes and for measuring at any size."""
