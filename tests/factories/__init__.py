"""Records for tests: plain functions with sensible defaults, a module for each application."""
