// The audits of graphql-http: what GraphQL over HTTP says, sentence by sentence.
import { serverAudits } from 'graphql-http';

// A GET without a header that browsers send only after asking (or on the same site) is refused: these three,
// all of them MAY, want it answered.
const OTHERWISE = new Set(['5A70', 'D6D5', '6A70']);

export async function audits(check, { url, headers }) {
  const fetchFn = (target, init) => fetch(target, { ...init, headers: { ...headers, ...init?.headers } });
  for (const audit of serverAudits({ url, fetchFn })) {
    if (OTHERWISE.has(audit.id) && audit.name.startsWith('MAY')) continue;
    await check(`${audit.id} ${audit.name}`, async () => {
      const { status, reason } = await audit.fn();
      if (status !== 'ok') throw new Error(`${status}: ${reason}`);
    });
  }
}
