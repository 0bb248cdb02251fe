"""What several router processes know together; the one place that names Redis."""
