"""What every page stands in: navigation, search, notices, components and their filters."""
