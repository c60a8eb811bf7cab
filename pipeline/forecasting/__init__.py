"""What is expected to close, how that changed, and how well it was foretold."""
