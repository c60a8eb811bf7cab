"""The pages of the deal desk."""
