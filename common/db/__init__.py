"""PostgreSQL: sessions under row-level security, tables, pages."""
