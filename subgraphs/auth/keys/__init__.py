"""Every secret of the domain as plain functions: deriving, hashing, sealing and signing; no database."""
