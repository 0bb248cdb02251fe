"""Who is asking: access tokens and API keys are turned into a Principal, once, at the door."""
