"""Numbers about the pipeline: each module reads one kind of report."""
