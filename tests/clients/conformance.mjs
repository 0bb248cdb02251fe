// Asks one running router whatever its clients rely on, and prints as JSON what is wrong.
//   node conformance.mjs GROUP PROFILE
// GROUP: a key of `groups` below. PROFILE: a file with {url, socket, headers} and the operations of profiles/*.json.
// Printed: a list of {check, problem}, problem null where all is well.
import { readFileSync } from 'node:fs';

import { apollo } from './conformance/apollo.mjs';
import { audits } from './conformance/audits.mjs';
import { persisted, safelisted } from './conformance/persisted.mjs';
import { sockets } from './conformance/sockets.mjs';
import { streams } from './conformance/streams.mjs';
import { tools } from './conformance/tools.mjs';
import { urql } from './conformance/urql.mjs';

const groups = { apollo, audits, persisted, safelisted, sockets, streams, tools, urql };
const [group, file] = process.argv.slice(2);
const profile = JSON.parse(readFileSync(file, 'utf8'));
const SECONDS = 30;
const found = [];

// One check: a function that throws where something is wrong.
async function check(name, run) {
  let late;
  const limit = new Promise((_, refuse) => { late = setTimeout(() => refuse(new Error(`nothing after ${SECONDS} s`)), SECONDS * 1000); });
  const problem = await Promise.race([run(), limit]).then(() => null, (error) => String(error?.stack ?? error));
  clearTimeout(late);
  found.push({ check: name, problem });
}

await groups[group](check, profile);
process.stdout.write(JSON.stringify(found), () => process.exit(0));
