"""Auth: how people and applications prove who they are.

Owns passwords, sessions, refresh tokens, the keys that sign access tokens, and the API keys of
applications. Who a person is, where they belong and what they may do is users' truth; that an application
exists and whose it is, applications'. Auth asks both at the moment it matters (`providers/protocol.py`),
so that nobody who was just suspended gets in, and an application made a moment ago can be given a key.

Entities: `Session`, `ApiKey`; extends `User` with `sessions` and `Application` with `apiKeys`.
Publishes: SessionStarted, SessionRevoked, RefreshTokenReused, PasswordChanged, ApiKeyCreated, ApiKeyRevoked.
Acts on users' UserCreated (mails a link for the password), UserSuspended, UserDeactivated and
MembershipRevoked (sessions and keys die), MembershipChanged and RoleChanged (keys that may do more than
their maker die), and on applications' ApplicationArchived (keys die).
"""
