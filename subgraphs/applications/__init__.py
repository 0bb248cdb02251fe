"""AI applications and their environments: what an organisation runs.

Entities: Application, Environment; it extends Organization (applications) and names User as creator.
Published facts: ApplicationCreated, ApplicationUpdated, ApplicationPaused, ApplicationActivated,
ApplicationArchived, ApplicationRemoved, EnvironmentCreated, EnvironmentUpdated, EnvironmentRemoved.
Keys of applications are auth's.
"""
