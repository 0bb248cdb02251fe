#!/bin/sh
# A tour of a running Atrium: sh docs/tour.sh http://127.0.0.1:8000
#
# Signs in, creates an organization, an application and an API key, and asks one question that three
# subgraphs answer together. Needs curl. EMAIL and PASSWORD choose another login than the demo owner's.
set -eu

base=${1:?usage: tour.sh BASE_URL}
email=${EMAIL:-olga@northwind.example}
password=${PASSWORD:-atrium demo 2026}
slug=tour-$(date +%s)-$$
token=

# graphql DOCUMENT VARIABLES: the answer, on one line; ends the tour if there are errors.
graphql() {
    document=$(printf '%s' "$1" | tr '\n' ' ' | sed 's/"/\\"/g')
    answer=$(curl --silent --show-error --max-time 30 "$base/graphql" \
        --header 'content-type: application/json' --header 'accept: application/json' \
        ${token:+--header "authorization: Bearer $token"} \
        --data "{\"query\":\"$document\",\"variables\":$2}") || exit 1
    case $answer in
        *'"message":'*) printf 'The answer has errors: %s\n' "$answer" >&2; exit 1 ;;
    esac
    printf '%s\n' "$answer"
}

# pick NAME: the first text called NAME in the answer on stdin.
pick() {
    value=$(sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p")
    [ -n "$value" ] || { printf 'There is no %s in the answer.\n' "$1" >&2; exit 1; }
    printf '%s' "$value"
}

printf '1. Sign in as %s.\n' "$email"
signed_in=$(graphql 'mutation ($input: SignInInput!) {
  signIn(input: $input) { ... on SignedIn { accessToken refreshToken } ... on SignInRejected { message } }
}' "{\"input\":{\"email\":\"$email\",\"password\":\"$password\",\"delivery\":\"BODY\"}}")
token=$(printf '%s' "$signed_in" | pick accessToken)
refresh=$(printf '%s' "$signed_in" | pick refreshToken)

printf '2. Create the organization %s.\n' "$slug"
organization=$(graphql 'mutation ($input: OrganizationCreateInput!) {
  organizationCreate(input: $input) { organization { id } errors { message } }
}' "{\"input\":{\"name\":\"Tour\",\"slug\":\"$slug\"}}" | pick id)

printf '3. Act in it from now on.\n'
token=$(graphql 'mutation ($input: TokenRefreshInput!) {
  tokenRefresh(input: $input) { signedIn { accessToken } errors { message } }
}' "{\"input\":{\"refreshToken\":\"$refresh\",\"organizationId\":\"$organization\"}}" | pick accessToken)

printf '4. Create an application.\n'
application=$(graphql 'mutation ($input: ApplicationCreateInput!) {
  applicationCreate(input: $input) { application { id } errors { message } }
}' '{"input":{"name":"Answers","slug":"answers","kind":"CHAT"}}' | pick id)

printf '5. Create an API key for it.\n'
key=$(graphql 'mutation ($input: ApiKeyCreateInput!) {
  apiKeyCreate(input: $input) { secret errors { message } }
}' "{\"input\":{\"applicationId\":\"$application\",\"name\":\"Tour\",\"scopes\":[\"applications:read\"]}}" | pick secret)

printf '6. One question, three subgraphs: users, applications and auth.\n'
graphql 'query ($id: ID!) {
  organization(id: $id) {
    name
    applications(first: 5) {
      nodes {
        name
        createdBy { name sessions(first: 1) { nodes { createdAt } } }
        apiKeys(first: 5) { nodes { name prefix last4 } }
      }
    }
  }
}' "{\"id\":\"$organization\"}"

printf '7. The application asks for itself, with its key.\n'
token=$key
graphql 'query ($id: ID!) { application(id: $id) { name environments { key } } }' "{\"id\":\"$application\"}"
