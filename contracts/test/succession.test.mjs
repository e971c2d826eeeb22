// Handing over a reference, or everything, in two steps.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ALL, FOREVER, World, ZERO_ADDRESS, digest, refHash, release, sha256 } from "./harness.mjs";

const APP = "docker.io/acme/app:1.0";
const OTHER = "docker.io/acme/other:1.0";
let world, registry, publisher, heir, second;

before(async () => {
  world = await World.start();
  [publisher, heir, second] = await world.actors(3);
});
after(() => world?.stop());
test.beforeEach(async () => {
  registry = await world.registry(publisher);
});

const offer = (hash, to = heir.address) => registry.send(publisher, "offerSuccession", [hash, to]);
const accept = (hash, who = heir) => registry.send(who, "acceptSuccession", [publisher.address, hash]);
const handOver = async (hash, who = heir) => {
  await offer(hash, who.address);
  await accept(hash, who);
};
const successor = (imageRef) => registry.read("successor", [publisher.address, refHash(imageRef)]);
const publication = (imageRef = APP, options) => [release(imageRef, [digest("new")], options)];
const notOffered = (hash, who = heir) => ["SuccessionNotOffered", [publisher.address, hash, who.address]];
const succeeded = (hash, who = heir) => ["AlreadySucceeded", [publisher.address, hash, who.address]];

for (const [what, hash] of [["one reference", refHash(APP)], ["everything", ALL]]) {
  test(`${what} is offered, accepted and announced`, async () => {
    const event = { publisher: publisher.address, refHash: hash, successor: heir.address };
    const offered = await offer(hash);
    assert.deepEqual(offered.events, [{ eventName: "SuccessionOffered", ...event }]);
    assert.equal(await successor(APP), ZERO_ADDRESS);
    await registry.simulate(publisher, "publish", publication()); // an offer alone changes nothing
    const accepted = await accept(hash);
    assert.deepEqual(accepted.events, [{ eventName: "SuccessionAccepted", ...event }]);
    assert.equal(await successor(APP), heir.address);
    assert.equal(await registry.read("successor", [publisher.address, hash]), heir.address);
  });
}

test("after succession the predecessor publishes there no more, nor its delegates", async () => {
  await registry.send(publisher, "publish", [release(APP, [digest("old")])]);
  await registry.send(publisher, "setDelegate", [second.address, ALL, FOREVER]);
  await handOver(refHash(APP));
  await registry.refuses(publisher, "publish", publication(), ...succeeded(refHash(APP)));
  await registry.refuses(publisher, "publish", publication(APP, { amends: 1 }), ...succeeded(refHash(APP)));
  const forPublisher = [publisher.address, publication()];
  await registry.refuses(second, "publishFor", forPublisher, ...succeeded(refHash(APP)));
  await registry.simulate(publisher, "publish", publication(OTHER));
  await handOver(ALL, second);
  await registry.refuses(publisher, "publish", publication(OTHER), ...succeeded(ALL, second));
});

test("what was published stays, and the status names the successor", async () => {
  await registry.send(publisher, "publish", [release(APP, [digest("old")])]);
  await handOver(refHash(APP));
  const answer = await registry.read("status", [publisher.address, refHash(APP), sha256("old")]);
  assert.deepEqual([answer.headVersion, answer.version, answer.retiredAt], [1, 1, 0n]);
  assert.equal(answer.successor, heir.address);
  assert.equal(await successor(OTHER), ZERO_ADDRESS);
});

test("the reference's successor comes before the publisher's", async () => {
  await handOver(refHash(APP));
  await handOver(ALL, second);
  assert.equal(await successor(APP), heir.address);
  assert.equal(await successor(OTHER), second.address);
  const statusOf = (imageRef) => registry.read("status", [publisher.address, refHash(imageRef), sha256("x")]);
  assert.equal((await statusOf(APP)).successor, heir.address);
  assert.equal((await statusOf(OTHER)).successor, second.address);
});

test("only the one to whom it was offered accepts, and only once", async () => {
  await registry.refuses(heir, "acceptSuccession", [publisher.address, refHash(APP)], ...notOffered(refHash(APP)));
  await offer(refHash(APP));
  const accepting = [publisher.address, refHash(APP)];
  await registry.refuses(second, "acceptSuccession", accepting, ...notOffered(refHash(APP), second));
  await registry.refuses(heir, "acceptSuccession", [publisher.address, ALL], ...notOffered(ALL));
  await accept(refHash(APP));
  await registry.refuses(heir, "acceptSuccession", accepting, ...notOffered(refHash(APP)));
});

test("an offer is replaced and withdrawn", async () => {
  await offer(refHash(APP));
  await offer(refHash(APP), second.address);
  await registry.refuses(heir, "acceptSuccession", [publisher.address, refHash(APP)], ...notOffered(refHash(APP)));
  const { events } = await offer(refHash(APP), ZERO_ADDRESS);
  assert.equal(events[0].successor, ZERO_ADDRESS);
  const accepting = [publisher.address, refHash(APP)];
  await registry.refuses(second, "acceptSuccession", accepting, ...notOffered(refHash(APP), second));
});

test("nobody succeeds themselves", () =>
  registry.refuses(publisher, "offerSuccession", [ALL, publisher.address], "InvalidSuccessor", [publisher.address]));

test("a succession is final", async () => {
  await handOver(refHash(APP));
  await registry.refuses(publisher, "offerSuccession", [refHash(APP), second.address], ...succeeded(refHash(APP)));
  await handOver(ALL);
  await registry.refuses(publisher, "offerSuccession", [ALL, second.address], ...succeeded(ALL));
  await registry.refuses(publisher, "offerSuccession", [refHash(OTHER), second.address], ...succeeded(ALL));
});

test("a reference's open offer ends when everything is handed over", async () => {
  await offer(refHash(APP), second.address);
  await handOver(ALL);
  await registry.refuses(second, "acceptSuccession", [publisher.address, refHash(APP)], ...succeeded(ALL));
});

test("what is retired is neither offered nor accepted: a stolen key does not name its heir", async () => {
  await offer(refHash(APP));
  await offer(ALL);
  await registry.send(publisher, "retire", [refHash(APP), ""]);
  const reference = ["ReferenceRetired", [publisher.address, refHash(APP)]];
  await registry.refuses(publisher, "offerSuccession", [refHash(APP), second.address], ...reference);
  await registry.refuses(heir, "acceptSuccession", [publisher.address, refHash(APP)], ...reference);
  await registry.send(publisher, "retire", [ALL, ""]);
  for (const hash of [ALL, refHash(OTHER)]) {
    await registry.refuses(publisher, "offerSuccession", [hash, second.address], "PublisherRetired", [publisher.address]);
  }
  await registry.refuses(heir, "acceptSuccession", [publisher.address, ALL], "PublisherRetired", [publisher.address]);
});

test("a predecessor may still revoke and retire", async () => {
  await registry.send(publisher, "publish", [release(APP, [digest("old")])]);
  await handOver(ALL);
  const revoked = await registry.send(publisher, "revoke", [APP, [sha256("old")], "bad"]);
  const retired = await registry.send(publisher, "retire", [refHash(APP), ""]);
  const all = await registry.send(publisher, "retire", [ALL, ""]);
  const answer = await registry.read("status", [publisher.address, refHash(APP), sha256("old")]);
  assert.deepEqual(
    [answer.revokedAt, answer.retiredAt, answer.publisherRetiredAt, answer.successor],
    [revoked.at, retired.at, all.at, heir.address],
  );
  await registry.refuses(publisher, "publish", publication(), "PublisherRetired", [publisher.address]);
});

test("a successor publishes under its own address, and hands over in turn", async () => {
  await handOver(refHash(APP));
  await registry.send(heir, "publish", publication());
  assert.equal((await registry.read("head", [heir.address, refHash(APP)]))[0], 1);
  assert.equal((await registry.read("head", [publisher.address, refHash(APP)]))[0], 0);
  await registry.send(heir, "offerSuccession", [refHash(APP), second.address]);
  await registry.send(second, "acceptSuccession", [heir.address, refHash(APP)]);
  assert.equal(await registry.read("successor", [heir.address, refHash(APP)]), second.address);
});
