"""The pages of the pipeline, by what they show or do."""
