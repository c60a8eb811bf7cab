"""Load and scale measurements beside the database's own limit."""
