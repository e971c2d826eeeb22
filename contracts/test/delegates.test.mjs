// Delegates: who may act for a publisher, for what, and until when.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ALL, FOREVER, World, ZERO_ADDRESS, digest, refHash, release, sha256 } from "./harness.mjs";

const APP = "docker.io/acme/app:1.0";
const OTHER = "docker.io/acme/other:1.0";
let world, registry, publisher, delegate;

before(async () => {
  world = await World.start();
  [publisher, delegate] = await world.actors(2);
});
after(() => world?.stop());
test.beforeEach(async () => {
  registry = await world.registry(publisher);
});

const appoint = (hash, expiry = FOREVER) => registry.send(publisher, "setDelegate", [delegate.address, hash, expiry]);
const forPublisher = (...releases) => [publisher.address, releases];
const one = (imageRef = APP) => forPublisher(release(imageRef, [digest("a")]));
const isDelegate = (hash, options) =>
  registry.read("isDelegate", [publisher.address, hash, delegate.address], options);
const notDelegate = (hash) => ["NotDelegate", [publisher.address, hash, delegate.address]];
const expired = (hash, expiry) => ["DelegateExpired", [publisher.address, hash, delegate.address, expiry]];

test("a delegate of a reference publishes and revokes under it, named in the events", async () => {
  const { events } = await appoint(refHash(APP), 4102444800n);
  assert.deepEqual(events, [
    {
      eventName: "DelegateSet",
      publisher: publisher.address,
      delegate: delegate.address,
      refHash: refHash(APP),
      expiry: 4102444800n,
    },
  ]);
  const published = await registry.send(delegate, "publishFor", one());
  const revoked = await registry.send(delegate, "revokeFor", [publisher.address, APP, [sha256("a")], "bad"]);
  for (const [event] of [published.events, revoked.events]) {
    assert.deepEqual([event.publisher, event.by], [publisher.address, delegate.address]);
  }
  const answer = await registry.read("status", [publisher.address, refHash(APP), sha256("a")]);
  assert.deepEqual([answer.version, answer.revokedAt], [1, revoked.at]);
  assert.equal((await registry.read("head", [delegate.address, refHash(APP)]))[0], 0);
});

test("without an appointment nobody acts for a publisher", async () => {
  await registry.refuses(delegate, "publishFor", one(), ...notDelegate(refHash(APP)));
  const revocation = [publisher.address, APP, [sha256("a")], ""];
  await registry.refuses(delegate, "revokeFor", revocation, ...notDelegate(refHash(APP)));
  assert.equal(await isDelegate(refHash(APP)), false);
});

test("a delegate of another reference is none", async () => {
  await appoint(refHash(OTHER));
  await registry.refuses(delegate, "publishFor", one(), ...notDelegate(refHash(APP)));
  const mixed = forPublisher(release(OTHER, [digest("a")]), release(APP, [digest("a")]));
  await registry.refuses(delegate, "publishFor", mixed, ...notDelegate(refHash(APP)));
  await registry.simulate(delegate, "publishFor", one(OTHER));
});

test("a delegate of another publisher is none", async () => {
  await registry.send(delegate, "setDelegate", [publisher.address, ALL, FOREVER]);
  await registry.refuses(delegate, "publishFor", one(), ...notDelegate(refHash(APP)));
  await registry.simulate(publisher, "publishFor", [delegate.address, [release(APP, [digest("a")])]]);
});

test("a delegate for all acts under every reference", async () => {
  await appoint(ALL);
  await registry.send(delegate, "publishFor", forPublisher(release(APP, [digest("a")]), release(OTHER, [digest("a")])));
  assert.equal(await isDelegate(refHash(APP)), true);
  assert.equal(await isDelegate(ALL), true);
});

test("a delegate for one reference is none for all", async () => {
  await appoint(refHash(APP));
  assert.equal(await isDelegate(refHash(APP)), true);
  assert.equal(await isDelegate(ALL), false);
});

test("an appointment ends after its expiry, to the second", async () => {
  const expiry = (await world.now()) + 1000n;
  await appoint(refHash(APP), expiry);
  const last = { blockOverrides: { time: expiry } };
  const late = { blockOverrides: { time: expiry + 1n } };
  const revocation = [publisher.address, APP, [sha256("a")], ""];
  await registry.simulate(delegate, "publishFor", one(), last);
  await registry.simulate(delegate, "revokeFor", revocation, last);
  await registry.refuses(delegate, "publishFor", one(), ...expired(refHash(APP), expiry), late);
  await registry.refuses(delegate, "revokeFor", revocation, ...expired(refHash(APP), expiry), late);
  assert.equal(await isDelegate(refHash(APP), last), true);
  assert.equal(await isDelegate(refHash(APP), late), false);
});

test("a delegate past its expiry is refused on the chain", async () => {
  const expiry = (await world.now()) + 3n;
  await appoint(refHash(APP), expiry);
  await world.passes(publisher, expiry);
  await registry.refuses(delegate, "publishFor", one(), ...expired(refHash(APP), expiry));
});

test("of two appointments the longer counts", async () => {
  const soon = (await world.now()) + 100n;
  await appoint(refHash(APP), soon);
  await appoint(ALL, soon + 100n);
  await registry.simulate(delegate, "publishFor", one(), { blockOverrides: { time: soon + 100n } });
  const late = { blockOverrides: { time: soon + 101n } };
  await registry.refuses(delegate, "publishFor", one(), ...expired(refHash(APP), soon + 100n), late);
  await appoint(ALL, 0n);
  await registry.simulate(delegate, "publishFor", one());
  assert.equal(await isDelegate(refHash(OTHER)), false);
});

test("an appointment is renewed and taken back", async () => {
  await appoint(refHash(APP), (await world.now()) + 100n);
  await appoint(refHash(APP), FOREVER);
  assert.equal(await isDelegate(refHash(APP), { blockOverrides: { time: FOREVER } }), true);
  const { events } = await appoint(refHash(APP), 0n);
  assert.equal(events[0].expiry, 0n);
  await registry.refuses(delegate, "publishFor", one(), ...notDelegate(refHash(APP)));
});

test("an appointment cannot begin expired", async () => {
  const past = (await world.now()) - 1n;
  await registry.refuses(publisher, "setDelegate", [delegate.address, ALL, past], "ExpiryPassed", [past]);
  await registry.refuses(publisher, "setDelegate", [delegate.address, ALL, 1n], "ExpiryPassed", [1n]);
});

test("neither nobody nor the publisher itself is a delegate", async () => {
  for (const address of [ZERO_ADDRESS, publisher.address]) {
    await registry.refuses(publisher, "setDelegate", [address, ALL, FOREVER], "InvalidDelegate", [address]);
  }
});

test("the publisher acts for itself without an appointment", async () => {
  const { events } = await registry.send(publisher, "publishFor", one());
  assert.equal(events[0].by, publisher.address);
  await registry.send(publisher, "revokeFor", [publisher.address, APP, [sha256("a")], ""]);
});

test("a delegate neither retires, appoints nor hands over for its publisher", async () => {
  await appoint(ALL);
  await registry.send(delegate, "retire", [ALL, ""]);
  assert.deepEqual(await registry.read("head", [publisher.address, ALL]), [0, 0n, 0n]);
  await registry.send(delegate, "setDelegate", [publisher.address, ALL, FOREVER]);
  await registry.simulate(publisher, "publish", [release(APP, [digest("a")])]);
  await registry.simulate(delegate, "publishFor", one()); // its own retirement is not the publisher's
});

test("delegates are bound by all that binds the publisher", async () => {
  await appoint(ALL);
  await registry.send(publisher, "revoke", [APP, [sha256("a")], ""]);
  await registry.refuses(delegate, "publishFor", one(), "DigestRevoked", [refHash(APP), sha256("a")]);
  await registry.refuses(delegate, "publishFor", forPublisher(), "NoReleases");
  await registry.send(publisher, "retire", [refHash(OTHER), ""]);
  await registry.refuses(delegate, "publishFor", one(OTHER), "ReferenceRetired", [publisher.address, refHash(OTHER)]);
  await registry.send(publisher, "retire", [ALL, ""]);
  await registry.refuses(delegate, "publishFor", one(), "PublisherRetired", [publisher.address]);
  await registry.send(delegate, "revokeFor", [publisher.address, APP, [sha256("b")], ""]);
});
