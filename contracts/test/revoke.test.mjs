// Taking words back: single digests, whole references, and everything of a publisher.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ALL, World, digest, refHash, release, sha256 } from "./harness.mjs";

const APP = "docker.io/acme/app:1.0";
const OTHER = "docker.io/acme/other:1.0";
let world, registry, publisher, stranger;

before(async () => {
  world = await World.start();
  [publisher, stranger] = await world.actors(2);
});
after(() => world?.stop());
test.beforeEach(async () => {
  registry = await world.registry(publisher);
});

const publish = (...args) => registry.send(publisher, "publish", [release(...args)]);
const revoke = (names, reason = "") => registry.send(publisher, "revoke", [APP, names.map(sha256), reason]);
const status = (name) => registry.read("status", [publisher.address, refHash(APP), sha256(name)]);

test("revoking digests is announced for each, and keeps what was published", async () => {
  const published = await publish(APP, [digest("a", 2), digest("b")]);
  const { events, at } = await revoke(["a", "b"], "leaked key");
  const event = (name) => ({
    eventName: "Revoked",
    publisher: publisher.address,
    refHash: refHash(APP),
    digest: sha256(name),
    reason: "leaked key",
    by: publisher.address,
  });
  assert.deepEqual(events, [event("a"), event("b")]);
  const { version, publishedAt, revokedAt, kind } = await status("a");
  assert.deepEqual([version, publishedAt, revokedAt, kind], [1, published.at, at, 2]);
});

test("a revoked digest is never published again under its reference, by this publisher", async () => {
  await publish(APP, [digest("a")]);
  await revoke(["a"]);
  const refusal = ["DigestRevoked", [refHash(APP), sha256("a")]];
  await registry.refuses(publisher, "publish", [release(APP, [digest("b"), digest("a")])], ...refusal);
  await registry.refuses(publisher, "publish", [release(APP, [digest("a")], { amends: 1 })], ...refusal);
  await registry.simulate(publisher, "publish", [release(OTHER, [digest("a")])]);
  await registry.simulate(stranger, "publish", [release(APP, [digest("a")])]);
});

test("a digest can be revoked before it was ever published, and then cannot be", async () => {
  const { at } = await revoke(["a"]);
  const { headVersion, version, publishedAt, revokedAt } = await status("a");
  assert.deepEqual([headVersion, version, publishedAt, revokedAt], [0, 0, 0n, at]);
  const publication = [release(APP, [digest("a")])];
  await registry.refuses(publisher, "publish", publication, "DigestRevoked", [refHash(APP), sha256("a")]);
});

test("revoking again changes nothing and does not stop the others of the call", async () => {
  const first = await revoke(["a"], "first");
  const { events } = await revoke(["a", "b", "b"], "second");
  assert.deepEqual(events.map((event) => [event.digest, event.reason]), [[sha256("b"), "second"]]);
  assert.equal((await status("a")).revokedAt, first.at);
});

test("nobody else can revoke for a publisher", async () => {
  await publish(APP, [digest("a")]);
  await registry.send(stranger, "revoke", [APP, [sha256("a")], ""]);
  assert.equal((await status("a")).revokedAt, 0n);
});

test("a revocation has the limits of a release, and a reason of at most 1024 bytes", async () => {
  const many = (count) => Array.from({ length: count }, (_, i) => sha256(`digest ${i}`));
  const a = [sha256("a")];
  await registry.refuses(publisher, "revoke", ["", a, ""], "ReferenceLength", [0n]);
  await registry.refuses(publisher, "revoke", ["r".repeat(513), a, ""], "ReferenceLength", [513n]);
  await registry.refuses(publisher, "revoke", [APP, [], ""], "DigestCount", [0n]);
  await registry.refuses(publisher, "revoke", [APP, many(65), ""], "DigestCount", [65n]);
  await registry.refuses(publisher, "revoke", [APP, [sha256("a"), ALL], ""], "ZeroDigest", [refHash(APP)]);
  await registry.refuses(publisher, "revoke", [APP, a, "n".repeat(1025)], "ReasonLength", [1025n]);
  const { events } = await registry.send(publisher, "revoke", ["r".repeat(512), many(64), "n".repeat(100)]);
  assert.equal(events.length, 64);
  await registry.simulate(publisher, "revoke", [APP, a, "n".repeat(1024)]);
});

test("a retired reference takes no release, and answers so for every digest", async () => {
  await publish(APP, [digest("a")]);
  const { events, at } = await registry.send(publisher, "retire", [refHash(APP), "end of life"]);
  assert.deepEqual(events, [
    {
      eventName: "Retired",
      publisher: publisher.address,
      refHash: refHash(APP),
      reason: "end of life",
      by: publisher.address,
    },
  ]);
  const refusal = ["ReferenceRetired", [publisher.address, refHash(APP)]];
  await registry.refuses(publisher, "publish", [release(APP, [digest("b")])], ...refusal);
  await registry.refuses(publisher, "publish", [release(APP, [digest("b")], { amends: 1 })], ...refusal);
  const answer = await status("a");
  assert.deepEqual([answer.headVersion, answer.version, answer.retiredAt], [1, 1, at]);
  assert.equal((await status("never published")).retiredAt, at);
  assert.equal((await registry.read("head", [publisher.address, refHash(APP)]))[2], at);
  await registry.simulate(publisher, "publish", [release(OTHER, [digest("b")])]);
});

test("a reference can be retired before it was ever published", async () => {
  await registry.send(publisher, "retire", [refHash(APP), ""]);
  const refusal = ["ReferenceRetired", [publisher.address, refHash(APP)]];
  await registry.refuses(publisher, "publish", [release(APP, [digest("a")])], ...refusal);
});

test("a retired publisher publishes nothing more, anywhere", async () => {
  await publish(APP, [digest("a")]);
  const { events, at } = await registry.send(publisher, "retire", [ALL, "key lost"]);
  assert.deepEqual([events[0].refHash, events[0].reason], [ALL, "key lost"]);
  const refusal = ["PublisherRetired", [publisher.address]];
  for (const imageRef of [APP, OTHER]) {
    await registry.refuses(publisher, "publish", [release(imageRef, [digest("b")])], ...refusal);
  }
  await registry.refuses(publisher, "publishMany", [[release(OTHER, [digest("b")])]], ...refusal);
  const answer = await status("a");
  assert.deepEqual([answer.version, answer.retiredAt, answer.publisherRetiredAt], [1, 0n, at]);
  assert.deepEqual(await registry.read("head", [publisher.address, ALL]), [0, 0n, at]);
});

test("retiring is final and happens once in each scope", async () => {
  await registry.send(publisher, "retire", [refHash(APP), ""]);
  const once = ["ReferenceRetired", [publisher.address, refHash(APP)]];
  await registry.refuses(publisher, "retire", [refHash(APP), ""], ...once);
  await registry.send(publisher, "retire", [ALL, ""]);
  await registry.refuses(publisher, "retire", [ALL, ""], "PublisherRetired", [publisher.address]);
  await registry.send(publisher, "retire", [refHash(OTHER), ""]);
});

test("a reason for retiring has at most 1024 bytes", async () => {
  await registry.refuses(publisher, "retire", [ALL, "n".repeat(1025)], "ReasonLength", [1025n]);
  await registry.simulate(publisher, "retire", [ALL, "n".repeat(1024)]);
});

test("revoking stays possible after retiring", async () => {
  await publish(APP, [digest("a")]);
  await registry.send(publisher, "retire", [refHash(APP), ""]);
  await registry.send(publisher, "retire", [ALL, ""]);
  const { at } = await revoke(["a"]);
  assert.equal((await status("a")).revokedAt, at);
});
