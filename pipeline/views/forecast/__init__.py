"""The pages of the forecast: the period ahead, how it changed, quotas, and whose delay it was."""
