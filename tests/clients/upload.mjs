// Uploads files with urql, which sends them by the GraphQL multipart request specification.
//   node upload.mjs URL
import { Client, fetchExchange, gql } from '@urql/core';

const [url] = process.argv.slice(2);
const client = new Client({
  url,
  exchanges: [fetchExchange],
  preferGetMethod: false,
  fetchOptions: { headers: { 'apollo-require-preflight': 'true' } },
});
const keep = gql`mutation($file: Upload!) { keep(file: $file) { name type size sha256 text } }`;
const keepAll = gql`mutation($input: Box!) { keepAll(input: $input) { name type size sha256 } }`;

const large = new File([new Uint8Array(3_000_000).fill(97)], 'größe 1.bin', { type: 'application/x-thing' });
const small = new File(['hello\r\n--x--\r\n'], 'a".txt', { type: 'text/plain' });
const answers = [
  await client.mutation(keep, { file: large }).toPromise(),
  await client.mutation(keep, { file: small }).toPromise(),
  await client.mutation(keep, { file: small }).toPromise(),
  await client.mutation(keepAll, { input: { files: [small, large, small] } }).toPromise(),
];
console.log(JSON.stringify(answers.map(({ data, error }) => ({ data, error: error && String(error) }))));
