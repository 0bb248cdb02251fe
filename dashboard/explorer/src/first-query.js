export const FIRST_QUERY = `# Atrium explorer: one endpoint, every domain.
#
# 1. Run SignIn, in development with a demo login from the start banner.
# 2. Open "Headers" below and write {"Authorization": "Bearer ACCESS-TOKEN"}
# 3. Run Overview: one query across users, applications and auth.

mutation SignIn {
  signIn(input: { email: "", password: "" }) {
    __typename
    ... on SignedIn {
      accessToken
    }
  }
}

query Overview {
  organization {
    name
    applications(first: 10) {
      nodes {
        name
        createdBy {
          name
        }
        apiKeys(first: 5) {
          nodes {
            prefix
            scopes
          }
        }
      }
    }
  }
}
`;
