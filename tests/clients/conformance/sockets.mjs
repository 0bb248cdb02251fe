// graphql-transport-ws: the client graphql-ws, and frames that no client should send.
import assert from 'node:assert/strict';

import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

import { filled, matches, until } from './asking.mjs';

export async function sockets(check, profile) {
  const client = (options = {}) => createClient({
    url: profile.socket, webSocketImpl: WebSocket, retryAttempts: 0, connectionParams: profile.ws?.connectionParams, ...options,
  });

  await check('graphql-ws: a query is one result, then complete', async () => {
    const one = client();
    const results = [];
    const { query, variables, expect } = profile.query;
    for await (const result of one.iterate({ query, variables: filled(variables) })) results.push(result);
    assert.equal(results.length, 1);
    matches(results[0].data, expect);
    await one.dispose();
  });
  await check('graphql-ws: three subscriptions on one socket, each leaves alone', async () => {
    const one = client();
    const seen = [[], [], []];
    const { query, variables, expect } = profile.subscription;
    const leave = seen.map((events) => one.subscribe(
      { query, variables: filled(variables) },
      { next: (event) => events.push(event), error: (error) => events.push({ error }), complete: () => {} },
    ));
    await until(profile, () => seen.every((events) => events.length >= 2));
    leave[0]();
    const counts = seen.map((events) => events.length);
    await until(profile, () => seen[1].length > counts[1] + 1 && seen[2].length > counts[2] + 1);
    assert.ok(seen[0].length <= counts[0] + 1);
    for (const { data } of seen.flat()) matches(data, expect);
    await one.dispose();
  });
  await check('graphql-ws: a refusal is an error of its operation, the socket stays', async () => {
    const one = client({ lazy: false });
    const refused = await one.iterate({ query: 'subscription { thereIsNoSuchField }' }).next().catch((error) => error);
    assert.ok(Array.isArray(refused) && refused[0].extensions.code, JSON.stringify(refused));
    const { value } = await one.iterate({ query: profile.query.query, variables: filled(profile.query.variables) }).next();
    matches(value.data, profile.query.expect);
    await one.dispose();
  });

  // The code of the close that follows these frames.
  const closed = (frames) => new Promise((resolve, reject) => {
    const socket = new WebSocket(profile.socket, 'graphql-transport-ws');
    socket.on('open', () => frames.forEach((frame) => socket.send(frame)));
    socket.on('close', resolve);
    socket.on('error', reject);
  });
  const init = JSON.stringify({ type: 'connection_init', payload: profile.ws?.connectionParams });
  const subscribe = JSON.stringify({ id: '1', type: 'subscribe', payload: { query: profile.subscription.query } });
  const wrong = {
    'no JSON: 4400': [['{'], 4400],
    'a list: 4400': [['[]'], 4400],
    'no type: 4400': [[init, '{"id":"1"}'], 4400],
    'an unknown type: 4400': [[init, '{"id":"1","type":"start"}'], 4400],
    'subscribe without id: 4400': [[init, '{"type":"subscribe","payload":{"query":"{ __typename }"}}'], 4400],
    'subscribe without query: 4400': [[init, '{"id":"1","type":"subscribe","payload":{}}'], 4400],
    'subscribe before init: 4401': [[subscribe], 4401],
    'an id twice: 4409': [[init, subscribe, subscribe], 4409],
    'init twice: 4429': [[init, init], 4429],
    'nobody says init: 4408': [[], 4408],
  };
  for (const [name, [frames, code]] of Object.entries(wrong)) {
    await check(name, async () => assert.equal(await closed(frames), code));
  }
  await check('a ping is answered before and after init', async () => {
    const socket = new WebSocket(profile.socket, 'graphql-transport-ws');
    const said = [];
    socket.on('open', () => [JSON.stringify({ type: 'ping' }), init, JSON.stringify({ type: 'ping' })].forEach((f) => socket.send(f)));
    await new Promise((resolve) => socket.on('message', (text) => { said.push(JSON.parse(text).type); if (said.length >= 3) resolve(); }));
    assert.deepEqual(said.sort(), ['connection_ack', 'pong', 'pong']);
    socket.close();
  });
}
