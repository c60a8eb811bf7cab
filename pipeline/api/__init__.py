"""The pipeline under /api/v1/: the same operations and the same refusals as the pages."""
