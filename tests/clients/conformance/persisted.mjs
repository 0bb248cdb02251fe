// Clients that ask by hash or by id: Apollo Client's link and urql's exchange.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';

import { ApolloClient, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { Client, fetchExchange } from '@urql/core';
import { persistedExchange } from '@urql/exchange-persisted';
import { print } from 'graphql';

import { filled, matches, post } from './asking.mjs';

const sha256 = (text) => createHash('sha256').update(text).digest('hex');
const hash = (document) => sha256(print(document));

// What is sent, and whether it carried the text.
function watched() {
  const sent = [];
  const through = (url, options = {}) => {
    sent.push({ method: options.method ?? 'GET', hasText: /"query":|[?&]query=/.test(`${url}${options.body ?? ''}`) });
    return fetch(url, options);
  };
  return { sent, through };
}

function apollo(profile, through, options = {}) {
  const http = new HttpLink({ uri: profile.url, headers: profile.headers, fetch: through });
  const persisted = new PersistedQueryLink({ generateHash: hash, ...options });
  return new ApolloClient({ cache: new InMemoryCache(), link: persisted.concat(http) });
}

const asked = (one, { query, variables }) =>
  one.query({ query: gql(query), variables: filled(variables), fetchPolicy: 'no-cache' });
const changed = (one, { query, variables }) =>
  one.mutate({ mutation: gql(query), variables: filled(variables) });
// A document that nobody has asked for before.
const fresh = ({ query, variables }) => ({ query: query.replace('{', `{ x${Date.now()}: __typename`), variables });

export async function persisted(check, profile) {
  await check('Apollo Client sends a document once, then its hash', async () => {
    const { sent, through } = watched();
    const operation = fresh(profile.query);
    const one = apollo(profile, through);
    for (let turn = 0; turn < 2; turn += 1) matches((await asked(one, operation)).data, profile.query.expect);
    assert.deepEqual(sent.map(({ hasText }) => hasText), [false, true, false]);
  });
  await check('Apollo Client asks by hash with GET', async () => {
    const { sent, through } = watched();
    const one = apollo(profile, through, { useGETForHashedQueries: true });
    const operation = fresh(profile.query);
    for (let turn = 0; turn < 2; turn += 1) matches((await asked(one, operation)).data, profile.query.expect);
    assert.deepEqual(sent.at(-1), { method: 'GET', hasText: false });
  });
  await check('urql sends a document once, then its hash with GET', async () => {
    const { sent, through } = watched();
    const one = new Client({
      url: profile.url, fetch: through, fetchOptions: { headers: profile.headers }, requestPolicy: 'network-only',
      preferGetMethod: false,
      exchanges: [persistedExchange({ generateHash: async (text) => sha256(text), preferGetForPersistedQueries: true }), fetchExchange],
    });
    const { query, variables } = fresh(profile.query);
    for (let turn = 0; turn < 2; turn += 1) {
      const { data, error } = await one.query(query, filled(variables)).toPromise();
      assert.equal(error, undefined);
      matches(data, profile.query.expect);
    }
    assert.deepEqual(sent.at(-1), { method: 'GET', hasText: false });
  });
}

// The router takes manifests from `profile.manifests` and lets clients ask by id only.
export async function safelisted(check, profile) {
  const cache = new InMemoryCache();
  const operations = ['query', 'mutation'].map((kind) => {
    const body = print(cache.transformDocument(gql(profile[kind].query)));
    return { id: sha256(body), name: kind, type: kind, body };
  });
  const manifest = { format: 'apollo-persisted-query-manifest', version: 1, operations };
  await writeFile(path.join(profile.manifests, 'default.json'), JSON.stringify(manifest));
  const registered = { documentId: operations[0].id, variables: filled(profile.query.variables) };

  await check('a manifest is taken up', async () => {
    while ((await post(profile, registered)).json.errors) await new Promise((resolve) => setTimeout(resolve, 20));
  });
  await check('Apollo Client asks and changes by id only', async () => {
    const { sent, through } = watched();
    const one = apollo(profile, through);
    matches((await asked(one, profile.query)).data, profile.query.expect);
    matches((await changed(one, profile.mutation)).data, profile.mutation.expect);
    assert.deepEqual(sent.map(({ hasText }) => hasText), [false, false]);
  });
  await check('Apollo Client is refused what is not registered, and told why', async () => {
    const error = await asked(apollo(profile, fetch), fresh(profile.query)).catch((thrown) => thrown);
    assert.equal(error.errors[0].extensions.code, 'PERSISTED_DOCUMENT_NOT_FOUND');
  });
  await check('documentId runs by POST and by GET', async () => {
    matches((await post(profile, registered)).json.data, profile.query.expect);
    const url = new URL(profile.url);
    url.searchParams.set('documentId', `sha256:${registered.documentId}`);
    url.searchParams.set('variables', JSON.stringify(registered.variables));
    const response = await fetch(url, { headers: { accept: 'application/graphql-response+json', ...profile.headers } });
    matches((await response.json()).data, profile.query.expect);
  });
}
