"""Transport only: sockets in, the pipeline, sockets out."""
