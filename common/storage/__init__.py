"""Files outside the database: one protocol over a local folder, S3, Google Cloud Storage and Azure."""
