#!/usr/bin/env node
// Prints what streamrec publishes, one JSON object a line, from JavaScript.
//
//   npm install
//   node subscribe.mjs                                         every message on this machine
//   node subscribe.mjs tcp://10.0.0.5:5570 --kind event        events only
//   node subscribe.mjs --source door --kind prediction --count 10
//
// A service that has keys (`streamrec keys new`) needs its public key here, and, where it knows its
// clients, a key of ours. Each is a file as `streamrec keys new` writes it. In the environment, so
// that no secret is seen in the list of processes:
//
//   STREAMREC_SERVER_KEY=service.key STREAMREC_KEY=me.key_secret node subscribe.mjs tcp://...
//
// STREAMREC_SERVER_KEY may also be the key itself, 40 characters of Z85.
//
// Messages are two frames: the topic, streamrec/v1/<source>/<kind>/, and a JSON object. `sequence`
// counts up by one in each topic, and begins anew with each `session` of the publisher. What is
// missing is told on standard error. Open events and the last statuses are sent again, under their
// old numbers, whenever somebody subscribes: those that were printed are passed over. Which events
// were missed can be asked for on the service's replay socket; see `Subscribe` in the README.

import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import * as zmq from "zeromq";

const USAGE = `usage: node subscribe.mjs [ENDPOINT] [--source NAME] [--kind KIND ...] [--count N]
  keys: files named by STREAMREC_SERVER_KEY and STREAMREC_KEY in the environment`;
const PATIENCE_MS = 3000; // of silence, then it is told what could be wrong
const KINDS = ["prediction", "event", "status", "heartbeat"];
const Z85 = /^[0-9A-Za-z.\-:+=^!/*?&<>()[\]{}@%$#]{40}$/;

function readOptions() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      source: { type: "string" },
      kind: { type: "string", multiple: true, default: KINDS.slice(0, 3) },
      count: { type: "string", default: "Infinity" },
      help: { type: "boolean" },
    },
  });
  if (values.help) {
    console.log(USAGE);
    process.exit();
  }
  const unknown = values.kind.filter((kind) => !KINDS.includes(kind));
  if (unknown.length) throw new Error(`--kind is one of ${KINDS.join(", ")}; got ${unknown}`);
  if (!(Number(values.count) > 0)) throw new Error(`--count is above 0; got ${values.count}`);
  return {
    endpoint: positionals[0] ?? "tcp://127.0.0.1:5570",
    source: values.source,
    kinds: new Set(values.kind),
    count: Number(values.count),
  };
}

// A key file holds lines such as:    public-key = "..."
function keyIn(file, name) {
  const found = new RegExp(`^\\s*${name}\\s*=\\s*"(.{40})"`, "m").exec(readFileSync(file, "utf8"));
  if (!found || !Z85.test(found[1])) throw new Error(`${file} has no ${name}`);
  return found[1];
}

function curveOptions({ STREAMREC_SERVER_KEY: server, STREAMREC_KEY: own }) {
  if (!server && own) throw new Error("STREAMREC_KEY needs STREAMREC_SERVER_KEY beside it");
  if (!server) return {};
  const pair = own
    ? { publicKey: keyIn(own, "public-key"), secretKey: keyIn(own, "secret-key") }
    : zmq.curveKeyPair(); // for services that let in all that know their public key
  return {
    curveServerKey: Z85.test(server) ? server : keyIn(server, "public-key"),
    curvePublicKey: pair.publicKey,
    curveSecretKey: pair.secretKey,
  };
}

// What the numbers say of a message: whether it is new, and how many miss in its topic before it.
class Continuity {
  #session;

  hear(message) {
    if (message.session !== this.#session) this.#begin(message.session);
    if (message.type === "heartbeat") this.#beat(message);
    const missing = this.#missing(message);
    return { isNew: this.#isNew(message), missing };
  }

  #begin(session) {
    this.#session = session;
    this.latest = new Map(); // by topic
    this.delivered = new Map(); // by topic and event, as several may be open at a time
    this.newestEvent = 0;
    this.firstBeat = undefined;
    this.isSettled = false;
  }

  // After the second heartbeat, what was sent again to us who came late has gone by.
  #beat({ sequence, number }) {
    this.firstBeat ??= sequence;
    this.isSettled ||= sequence > this.firstBeat;
    this.newestEvent = Math.max(this.newestEvent, number ?? 0);
  }

  #isNew({ source, type, id, phase, sequence }) {
    const key = `${source}/${type}/${id ?? ""}`;
    const isNew = sequence > (this.delivered.get(key) ?? -1);
    if (phase === "end") this.delivered.delete(key);
    else if (isNew) this.delivered.set(key, sequence);
    return isNew;
  }

  #missing({ source, type, number, sequence }) {
    const topic = `${source}/${type}`;
    const latest = this.latest.get(topic);
    const isLive = type !== "event" || (this.isSettled && number > this.newestEvent);
    if (type === "event") this.newestEvent = Math.max(this.newestEvent, number);
    if (latest === undefined && !isLive) return 0;
    this.latest.set(topic, Math.max(sequence, latest ?? -1));
    return latest === undefined ? 0 : Math.max(sequence - latest - 1, 0);
  }
}

async function main() {
  const { endpoint, source, kinds, count } = readOptions();
  const socket = new zmq.Subscriber({
    ...curveOptions(process.env),
    linger: 0,
    maxMessageSize: 1 << 20,
    heartbeatInterval: 5000, // a connection that is dead is made anew
    heartbeatTimeout: 10000,
  });
  socket.connect(endpoint);
  socket.subscribe(source ? `streamrec/v1/${source}/` : "streamrec/v1/");
  socket.subscribe("streamrec/v1/_system/heartbeat/");

  const waiting = setTimeout(() => console.error(
    `nothing from ${endpoint} so far: is the service running there, and does it have keys ` +
    "(STREAMREC_SERVER_KEY, STREAMREC_KEY)? Waiting."), PATIENCE_MS);
  const continuity = new Continuity();
  let printed = 0;
  for await (const [topic, payload] of socket) {
    clearTimeout(waiting);
    const [, , , kind] = topic.toString().split("/");
    if (!kinds.has(kind) && kind !== "heartbeat") continue;
    const message = JSON.parse(payload.toString());
    const { isNew, missing } = continuity.hear(message);
    if (!isNew || !kinds.has(kind)) continue;
    if (missing) console.error(`${missing} missing before ${topic} ${message.sequence}`);
    console.log(JSON.stringify(message));
    if (++printed >= count) break;
  }
  socket.close();
}

process.stdout.on("error", () => process.exit()); // whoever read it has gone

try {
  await main();
} catch (error) {
  console.error(`error: ${error.message}`);
  process.exitCode = 1;
}
