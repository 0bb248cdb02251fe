// Apollo Client, as applications use it.
import assert from 'node:assert/strict';

import { ApolloClient, ApolloLink, CombinedGraphQLErrors, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

import { filled, matches, until } from './asking.mjs';

export async function apollo(check, profile) {
  const link = (options = {}) => new HttpLink({ uri: profile.url, headers: profile.headers, ...options });
  const client = (through) => new ApolloClient({ cache: new InMemoryCache(), link: through });
  const ask = (one, { query, variables }, options = {}) =>
    one.query({ query: gql(query), variables: filled(variables), fetchPolicy: 'no-cache', ...options });

  await check('a query', async () => matches((await ask(client(link()), profile.query)).data, profile.query.expect));
  await check('a query by GET', async () => {
    const { data } = await ask(client(link({ useGETForQueries: true })), profile.query);
    matches(data, profile.query.expect);
  });
  await check('a mutation', async () => {
    const { query, variables, expect } = profile.mutation;
    const { data } = await client(link()).mutate({ mutation: gql(query), variables: filled(variables) });
    matches(data, expect);
  });
  await check('what is refused is an error of GraphQL, not of the network', async () => {
    const error = await ask(client(link()), { query: '{ thereIsNoSuchField }' }).catch((thrown) => thrown);
    assert.ok(CombinedGraphQLErrors.is(error), String(error));
  });
  await check('partial data with the policy "none" is an error with a path', async () => {
    const error = await ask(client(link()), profile.error).catch((thrown) => thrown);
    assert.ok(CombinedGraphQLErrors.is(error), String(error));
    assert.ok(Array.isArray(error.errors[0].path));
  });
  await check('partial data with the policy "all" comes with its error', async () => {
    const { data, error } = await ask(client(link()), profile.error, { errorPolicy: 'all' });
    matches(data, profile.error.expect);
    assert.ok(CombinedGraphQLErrors.is(error), String(error));
  });
  await check('partial data with the policy "ignore" comes alone', async () => {
    const { data, error } = await ask(client(link()), profile.error, { errorPolicy: 'ignore' });
    matches(data, profile.error.expect);
    assert.equal(error, undefined);
  });
  await check('a subscription over a socket, queries over HTTP beside it', async () => {
    const socket = createClient({
      url: profile.socket, webSocketImpl: WebSocket, retryAttempts: 0, connectionParams: profile.ws?.connectionParams,
    });
    const isStream = ({ operationType }) => operationType === 'subscription';
    const one = client(ApolloLink.split(isStream, new GraphQLWsLink(socket), link()));
    const events = [];
    const { query, variables, expect } = profile.subscription;
    const listening = one.subscribe({ query: gql(query), variables: filled(variables) })
      .subscribe((event) => events.push(event));
    await until(profile, () => events.length >= 3);
    matches((await ask(one, profile.query)).data, profile.query.expect);
    listening.unsubscribe();
    await socket.dispose();
    for (const { data, error } of events) { assert.equal(error, undefined); matches(data, expect); }
  });
}
