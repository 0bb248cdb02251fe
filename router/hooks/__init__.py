"""What may stand around a stage of the pipeline: tracing, metrics, a company's own rules."""
