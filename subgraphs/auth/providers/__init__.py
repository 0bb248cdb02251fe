"""What auth asks other domains: who a person is, and whose an application is."""
