"""The pages on which administrators write how the company sells."""
