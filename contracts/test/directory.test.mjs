// The directory of claimed namespaces.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { keccak256, pad, stringToBytes } from "viem";
import { World, artifact } from "./harness.mjs";

const ACME = "docker.io/acme";
const hash = (namespace) => keccak256(stringToBytes(namespace));
let world, directory, publisher, stranger;

before(async () => {
  world = await World.start();
  [publisher, stranger] = await world.actors(2);
});
after(() => world?.stop());
test.beforeEach(async () => {
  directory = await world.deploy(publisher, artifact("PublisherDirectory"));
});

const isClaimed = (who, namespace = ACME) => directory.read("isClaimed", [who.address, namespace]);
const claimedAt = (who, namespace = ACME) => directory.read("claimedAt", [who.address, hash(namespace)]);

test("a claim is announced and answered for, for its publisher alone", async () => {
  const { events, at } = await directory.send(publisher, "claim", [ACME]);
  assert.deepEqual(events, [
    { eventName: "Claimed", publisher: publisher.address, namespaceHash: hash(ACME), namespace: ACME },
  ]);
  assert.deepEqual([await isClaimed(publisher), await claimedAt(publisher)], [true, at]);
  assert.deepEqual([await isClaimed(stranger), await claimedAt(stranger)], [false, 0n]);
  assert.equal(await isClaimed(publisher, "docker.io/acm"), false);
});

test("several publishers may claim one namespace, and each takes only its own back", async () => {
  await directory.send(publisher, "claim", [ACME]);
  await directory.send(stranger, "claim", [ACME]);
  const { events } = await directory.send(publisher, "unclaim", [ACME]);
  assert.deepEqual(events, [
    { eventName: "Unclaimed", publisher: publisher.address, namespaceHash: hash(ACME), namespace: ACME },
  ]);
  assert.deepEqual([await isClaimed(publisher), await isClaimed(stranger)], [false, true]);
  await directory.send(publisher, "claim", [ACME]);
  assert.equal(await isClaimed(publisher), true);
});

test("a namespace is claimed once and taken back once", async () => {
  const args = [publisher.address, hash(ACME)];
  await directory.refuses(publisher, "unclaim", [ACME], "NotClaimed", args);
  await directory.send(publisher, "claim", [ACME]);
  await directory.refuses(publisher, "claim", [ACME], "AlreadyClaimed", args);
  await directory.send(publisher, "unclaim", [ACME]);
  await directory.refuses(publisher, "unclaim", [ACME], "NotClaimed", args);
});

test("a namespace has 1 to 512 bytes", async () => {
  for (const call of ["claim", "unclaim"]) {
    await directory.refuses(publisher, call, [""], "NamespaceLength", [0n]);
    await directory.refuses(publisher, call, ["n".repeat(513)], "NamespaceLength", [513n]);
  }
  await directory.send(publisher, "claim", ["n".repeat(512)]);
  await directory.send(publisher, "claim", ["n"]);
});

test("a claim's time lies where the contract's documentation says", async () => {
  const { at } = await directory.send(publisher, "claim", [ACME]);
  const base = keccak256(`0x${pad(publisher.address).slice(2)}${"00".repeat(32)}`);
  const slot = keccak256(`0x${hash(ACME).slice(2)}${base.slice(2)}`);
  assert.equal(BigInt(await world.client.getStorageAt({ address: directory.address, slot })), at);
});

test("the directory takes no ether", async () => {
  assert.equal((await world.transact(publisher, { to: directory.address, value: 1n })).status, "reverted");
});
