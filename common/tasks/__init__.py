"""Background work: coroutines as Celery tasks, run once in effect."""
