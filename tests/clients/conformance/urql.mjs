// urql, as applications use it.
import assert from 'node:assert/strict';

import { Client, fetchExchange, subscriptionExchange } from '@urql/core';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

import { filled, matches, until } from './asking.mjs';

export async function urql(check, profile) {
  const client = (options = {}) => new Client({
    url: profile.url, exchanges: [fetchExchange], preferGetMethod: false,
    fetchOptions: { headers: profile.headers }, requestPolicy: 'network-only', ...options,
  });
  const ask = (one, { query, variables }) => one.query(query, filled(variables)).toPromise();
  // Node's fetch gives up on no stream; three events, then leave.
  const events = async (one) => {
    const seen = [];
    const { query, variables, expect } = profile.subscription;
    const listening = one.subscription(query, filled(variables)).subscribe((result) => seen.push(result));
    await until(profile, () => seen.length >= 3);
    listening.unsubscribe();
    for (const { data, error } of seen) { assert.equal(error, undefined); matches(data, expect); }
  };

  await check('a query', async () => matches((await ask(client(), profile.query)).data, profile.query.expect));
  await check('a query by GET, which urql prefers', async () => {
    const { data, error } = await ask(client({ preferGetMethod: 'within-url-limit' }), profile.query);
    assert.equal(error, undefined);
    matches(data, profile.query.expect);
  });
  await check('a mutation', async () => {
    const { query, variables, expect } = profile.mutation;
    const { data, error } = await client().mutation(query, filled(variables)).toPromise();
    assert.equal(error, undefined);
    matches(data, expect);
  });
  await check('partial data is there beside its error', async () => {
    const { data, error } = await ask(client(), profile.error);
    matches(data, profile.error.expect);
    assert.ok(error.graphQLErrors.length && !error.networkError, String(error));
  });
  await check('what is refused is an error of GraphQL, not of the network', async () => {
    const { error } = await ask(client(), { query: '{ thereIsNoSuchField }' });
    assert.ok(error.graphQLErrors.length && !error.networkError, String(error));
  });
  await check('what is deferred is merged to the whole', async () => {
    const { query, variables, expect } = profile.defer;
    const seen = [];
    await new Promise((resolve) => {
      client().query(query, filled(variables)).subscribe((result) => { seen.push(result); if (!result.hasNext) resolve(); });
    });
    assert.equal(seen.at(-1).error, undefined);
    matches(seen.at(-1).data, expect);
  });
  await check('a subscription over HTTP', () => events(client({ fetchSubscriptions: true })));
  await check('a subscription over a socket', async () => {
    const socket = createClient({
      url: profile.socket, webSocketImpl: WebSocket, retryAttempts: 0, connectionParams: profile.ws?.connectionParams,
    });
    const forwardSubscription = ({ query, variables }) =>
      ({ subscribe: (sink) => ({ unsubscribe: socket.subscribe({ query, variables }, sink) }) });
    await events(client({ exchanges: [subscriptionExchange({ forwardSubscription })] }));
    await socket.dispose();
  });
}
