export const FIRST_QUERY = `# Atrium explorer: one endpoint, every domain.
#
# 1. Run SignIn with a demo login from the start banner.
# 2. Put the access token under Headers: {"Authorization": "Bearer ..."}
# 3. Run Overview: it crosses users, applications and auth.

mutation SignIn {
  signIn(input: { email: "ada@example.com", password: "" }) {
    __typename
  }
}

query Overview {
  viewer {
    id
    name
  }
}
`;
