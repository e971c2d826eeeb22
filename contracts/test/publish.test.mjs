// Publishing as oneself: versions, amendments, what a digest's entry says afterwards, and every limit.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { decodeErrorResult, encodeAbiParameters, encodeFunctionData, keccak256, pad, parseEventLogs, toHex } from "viem";
import { ALL, World, ZERO_ADDRESS, digest, refHash, release, sha256 } from "./harness.mjs";

const APP = "docker.io/acme/app:1.0";
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
const status = (imageRef, name) => registry.read("status", [publisher.address, refHash(imageRef), sha256(name)]);

test("a first release is version 1, announced and answered for", async () => {
  const digests = [digest("amd64"), digest("arm64"), digest("manifest", 2), digest("layers", 4)];
  const annotations = '{"commit":"5387506"}';
  const { events, at } = await publish(APP, digests, { annotations });
  assert.deepEqual(events, [
    {
      eventName: "Published",
      publisher: publisher.address,
      refHash: refHash(APP),
      firstDigest: digests[0].value,
      version: 1,
      imageRef: APP,
      digests,
      annotations,
      by: publisher.address,
    },
  ]);
  for (const [name, kind] of [["amd64", 1], ["arm64", 1], ["manifest", 2], ["layers", 4]]) {
    assert.deepEqual(await status(APP, name), {
      headVersion: 1,
      headPublishedAt: at,
      retiredAt: 0n,
      publisherRetiredAt: 0n,
      version: 1,
      publishedAt: at,
      revokedAt: 0n,
      kind,
      successor: ZERO_ADDRESS,
    });
    assert.deepEqual(await registry.read("entry", [publisher.address, refHash(APP), sha256(name)]), [1, at, 0n, kind]);
  }
  assert.deepEqual(await registry.read("head", [publisher.address, refHash(APP)]), [1, at, 0n]);
});

test("the event's data is the canonical ABI encoding, whatever the lengths", async () => {
  for (const [length, annotations] of [[1, ""], [31, "x"], [32, "y".repeat(32)], [33, "z".repeat(33)], [64, ""], [511, "é"]]) {
    const imageRef = "r".repeat(length);
    const digests = [digest("a", 0), digest("b", 255)];
    const { logs } = await publish(imageRef, digests, { annotations });
    const { inputs } = registry.abi.find((item) => item.name === "Published");
    const data = encodeAbiParameters(
      inputs.filter((input) => !input.indexed),
      [1, imageRef, digests, annotations, publisher.address],
    );
    assert.equal(logs[0].data, data, `reference of ${length} bytes`);
  }
});

test("a new release makes the last one's digests outdated, and moves a digest that it repeats", async () => {
  const first = await publish(APP, [digest("old"), digest("kept", 1)]);
  const second = await publish(APP, [digest("new"), digest("kept", 3)]);
  assert.equal(second.events[0].version, 2);
  const answers = await Promise.all(["old", "kept", "new"].map((name) => status(APP, name)));
  assert.deepEqual(
    answers.map(({ headVersion, headPublishedAt, version, publishedAt, kind }) => [
      headVersion, headPublishedAt, version, publishedAt, kind,
    ]),
    [
      [2, second.at, 1, first.at, 1],
      [2, second.at, 2, second.at, 3],
      [2, second.at, 2, second.at, 1],
    ],
  );
});

test("an older digest that is published again is current again", async () => {
  await publish(APP, [digest("one")]);
  await publish(APP, [digest("two")]);
  await publish(APP, [digest("one")]);
  assert.equal((await status(APP, "one")).version, 3);
  assert.equal((await status(APP, "two")).version, 2);
  assert.equal((await status(APP, "two")).headVersion, 3);
});

test("amending adds digests to the head's version and leaves its time", async () => {
  const first = await publish(APP, [digest("amd64")]);
  const amended = await publish(APP, [digest("arm64")], { amends: 1 });
  assert.equal(amended.events[0].version, 1);
  const answer = await status(APP, "arm64");
  assert.deepEqual([answer.headVersion, answer.headPublishedAt], [1, first.at]);
  assert.deepEqual([answer.version, answer.publishedAt], [1, amended.at]);
});

test("amending takes a digest over from an older version", async () => {
  await publish(APP, [digest("one")]);
  await publish(APP, [digest("two")]);
  await publish(APP, [digest("one")], { amends: 2 });
  assert.equal((await status(APP, "one")).version, 2);
});

test("only the head's version can be amended", async () => {
  const amend = (amends) => [release(APP, [digest("x")], { amends })];
  await registry.refuses(publisher, "publish", amend(1), "NotHeadVersion", [1, 0]);
  await publish(APP, [digest("one")]);
  await publish(APP, [digest("two")]);
  await registry.refuses(publisher, "publish", amend(1), "NotHeadVersion", [1, 2]);
  await registry.refuses(publisher, "publish", amend(3), "NotHeadVersion", [3, 2]);
});

test("a digest is listed once: in a release, and in an amended version", async () => {
  const twice = digest("twice");
  const refusal = ["DuplicateDigest", [refHash(APP), twice.value]];
  await registry.refuses(publisher, "publish", [release(APP, [twice, digest("b"), { ...twice, kind: 2 }])], ...refusal);
  await publish(APP, [twice]);
  await registry.refuses(publisher, "publish", [release(APP, [digest("b"), twice], { amends: 1 })], ...refusal);
});

test("publishers and references do not touch each other", async () => {
  await publish(APP, [digest("mine")]);
  await registry.send(stranger, "publish", [release(APP, [digest("theirs")])]);
  await publish("docker.io/acme/other:1.0", [digest("mine")]);
  assert.equal((await status(APP, "theirs")).version, 0);
  const theirs = await registry.read("status", [stranger.address, refHash(APP), sha256("theirs")]);
  assert.deepEqual([theirs.headVersion, theirs.version], [1, 1]);
  assert.deepEqual((await registry.read("head", [publisher.address, refHash(APP)]))[0], 1);
});

test("statusMany answers as status does, in order", async () => {
  await publish(APP, [digest("a")]);
  const queries = [
    { publisher: publisher.address, refHash: refHash(APP), digest: sha256("a") },
    { publisher: publisher.address, refHash: refHash(APP), digest: sha256("never") },
    { publisher: stranger.address, refHash: ALL, digest: ALL },
  ];
  const answers = await registry.read("statusMany", [queries]);
  for (const [i, query] of queries.entries()) {
    assert.deepEqual(answers[i], await registry.read("status", Object.values(query)));
  }
  assert.deepEqual(await registry.read("statusMany", [[]]), []);
});

test("statusMany answers 1000 queries in one call", async () => {
  await publish(APP, [digest("a")]);
  const queries = Array.from({ length: 1000 }, (_, i) => ({
    publisher: publisher.address,
    refHash: refHash(APP),
    digest: i === 999 ? sha256("a") : sha256(`unknown ${i}`),
  }));
  const answers = await registry.read("statusMany", [queries]);
  assert.equal(answers.filter(({ version }) => version === 1).length, 1);
  assert.equal(answers[999].version, 1);
});

test("publishMany takes all or none, and sees its own releases", async () => {
  const releases = [
    release(APP, [digest("one")]),
    release("docker.io/acme/other:1.0", [digest("other")]),
    release(APP, [digest("two")]),
    release(APP, [digest("three")], { amends: 2 }),
  ];
  const { events } = await registry.send(publisher, "publishMany", [releases]);
  assert.deepEqual(events.map(({ imageRef, version }) => [imageRef, version]), [
    [APP, 1], ["docker.io/acme/other:1.0", 1], [APP, 2], [APP, 2],
  ]);
  const broken = [release(APP, [digest("four")]), release(APP, [digest("four")], { amends: 2 })];
  await registry.refuses(publisher, "publishMany", [broken], "NotHeadVersion", [2, 3]);
  const failed = await world.transact(publisher, {
    to: registry.address,
    data: encodeFunctionData({ abi: registry.abi, functionName: "publishMany", args: [broken] }),
  });
  assert.equal(failed.status, "reverted");
  assert.equal((await status(APP, "four")).version, 0);
  assert.equal((await status(APP, "four")).headVersion, 2);
});

test("publishMany of nothing is refused", () => registry.refuses(publisher, "publishMany", [[]], "NoReleases"));

test("a reference has 1 to 512 bytes", async () => {
  const at = (length) => [release("r".repeat(length), [digest("a")])];
  await registry.refuses(publisher, "publish", at(0), "ReferenceLength", [0n]);
  await registry.refuses(publisher, "publish", at(513), "ReferenceLength", [513n]);
  await registry.send(publisher, "publish", at(1));
  await registry.send(publisher, "publish", at(512));
  // bytes are counted, not characters
  await registry.refuses(publisher, "publish", [release("é".repeat(257), [digest("a")])], "ReferenceLength", [514n]);
});

test("a release has 1 to 64 digests", async () => {
  const digests = (count) => Array.from({ length: count }, (_, i) => digest(`digest ${i}`, i));
  await registry.refuses(publisher, "publish", [release(APP, [])], "DigestCount", [0n]);
  await registry.refuses(publisher, "publish", [release(APP, digests(65))], "DigestCount", [65n]);
  const { events } = await publish(APP, digests(64));
  assert.deepEqual(events[0].digests, digests(64));
  assert.equal((await status(APP, "digest 63")).kind, 63);
});

test("annotations have at most 4096 bytes", async () => {
  const at = (length) => [release(APP, [digest(`a${length}`)], { annotations: "n".repeat(length) })];
  await registry.refuses(publisher, "publish", at(4097), "AnnotationsLength", [4097n]);
  const { events } = await registry.send(publisher, "publish", at(4096));
  assert.equal(events[0].annotations, "n".repeat(4096));
});

test("no digest is zero", () =>
  registry.refuses(
    publisher, "publish", [release(APP, [digest("a"), { value: ALL, kind: 1 }])], "ZeroDigest", [refHash(APP)],
  ));

test("the last version number is 2^32 - 1", async () => {
  const headSlot = slotOf(refHash(APP), slotOf(pad(publisher.address), toHex(1, { size: 32 })));
  const withHead = (version) => ({
    stateOverride: [{ address: registry.address, stateDiff: [{ slot: headSlot, value: toHex(version, { size: 32 }) }] }],
  });
  const next = [release(APP, [digest("a")])];
  await registry.refuses(publisher, "publish", next, "VersionOverflow", [refHash(APP)], withHead(2 ** 32 - 1));
  await registry.simulate(publisher, "publish", next, withHead(2 ** 32 - 2));
  const amendment = [release(APP, [digest("a")], { amends: 2 ** 32 - 1 })];
  await registry.simulate(publisher, "publish", amendment, withHead(2 ** 32 - 1));
});

test("storage lies where the contract's documentation says", async () => {
  const { at } = await publish(APP, [digest("a", 7)]);
  const base = slotOf(refHash(APP), slotOf(pad(publisher.address), toHex(1, { size: 32 })));
  const entrySlot = slotOf(sha256("a"), toHex(BigInt(base) + 1n, { size: 32 }));
  const word = async (slot) => BigInt(await world.client.getStorageAt({ address: registry.address, slot }));
  assert.equal(await word(base), 1n | (at << 32n));
  assert.equal(await word(entrySlot), 1n | (at << 32n) | (7n << 160n));
  const revoked = await registry.send(publisher, "revoke", [APP, [sha256("a")], ""]);
  const retired = await registry.send(publisher, "retire", [refHash(APP), ""]);
  assert.equal(await word(entrySlot), 1n | (at << 32n) | (revoked.at << 96n) | (7n << 160n));
  assert.equal(await word(base), 1n | (at << 32n) | (retired.at << 96n));
});

test("calldata that is not ABI is refused", async () => {
  const good = encodeFunctionData({ abi: registry.abi, functionName: "publish", args: [release(APP, [digest("a")], { annotations: "note" })] });
  const words = good.slice(10).match(/.{64}/g);
  // The words of `good`: 0 offset of the release; 1-4 its head: offsets of imageRef, digests, amends, offset of
  // annotations; 5-6 imageRef; 7-9 digests (count, value, kind); 10-11 annotations.
  assert.deepEqual([1, 2, 3, 4, 5, 7, 9, 10].map((i) => Number(`0x${words[i]}`)), [0x80, 0xc0, 0, 0x120, 22, 1, 1, 4]);
  const call = (replaced, length = words.length, appended = "") => {
    const changed = words.map((word, i) => replaced[i] ?? word).slice(0, length);
    const data = `${good.slice(0, 10)}${changed.join("")}${appended}`;
    return world.client.call({ account: publisher.address, to: registry.address, data });
  };
  const hex = (value) => BigInt(value).toString(16).padStart(64, "0");
  const huge = "f".repeat(64);
  const end = hex(words.length * 32 - 32); // offsets count from the release, one word after the first
  const before = hex(2n ** 256n - 0x20n); // so this one leads to the first word, a length of 32
  await call({}); // the baseline is accepted
  await call({ 2: end }, words.length, `${hex(1)}${"ab".repeat(32)}${hex(7)}`);
  const refused = {
    "reference offset beyond calldata": [{ 1: hex(0x10000) }],
    "reference offset that wraps around": [{ 1: before }],
    "reference longer than calldata": [{ 5: hex(511) }],
    "reference length that wraps around": [{ 5: huge }],
    "digests offset beyond calldata": [{ 2: hex(0x10000) }],
    "digests offset that wraps around": [{ 2: before }],
    "more digests than calldata": [{ 7: hex(64) }],
    "a digest without its kind at the end": [{ 2: end }, words.length, `${hex(1)}${"ab".repeat(32)}`],
    "digest count that wraps around": [{ 7: hex(2n ** 250n) }],
    "digest count that wraps around to one": [{ 7: hex(2n ** 250n + 1n) }],
    "annotations offset beyond calldata": [{ 4: hex(0x10000) }],
    "annotations offset at the end": [{ 4: end }],
    "annotations offset that wraps around": [{ 4: before }],
    "annotations longer than calldata": [{ 10: hex(4096) }],
    "annotations length that wraps around": [{ 10: huge }],
    "kind over 8 bits": [{ 9: hex(256) }],
    "kind with high bits": [{ 9: `80${hex(1).slice(2)}` }],
    "amends over 32 bits": [{ 3: hex(2 ** 32) }],
    "release offset beyond calldata": [{ 0: hex(0x10000) }],
    "truncated head": [{}, 3],
    "truncated annotations": [{}, 11],
  };
  // A length that wraps around in the sum is caught by its limit; all else reverts without data, as ABI decoders do.
  const limits = {
    "reference length that wraps around": "ReferenceLength",
    "digest count that wraps around": "DigestCount",
    "digest count that wraps around to one": "DigestCount",
    "annotations length that wraps around": "AnnotationsLength",
  };
  for (const [what, change] of Object.entries(refused)) {
    await assert.rejects(call(...change), (error) => {
      const { data } = error.walk((cause) => /^0x/.test(cause.data)) ?? { data: "0x" };
      const name = data === "0x" ? undefined : decodeErrorResult({ abi: registry.abi, data }).errorName;
      assert.equal(name, limits[what], what);
      return /revert/i.test(error.message);
    });
  }
});

test("the same data may lie anywhere in calldata", async () => {
  // A legal but unusual encoding: reference and annotations share their bytes.
  const good = encodeFunctionData({ abi: registry.abi, functionName: "publish", args: [release(APP, [digest("a")])] });
  const words = good.slice(10).match(/.{64}/g);
  words[4] = words[1];
  const receipt = await world.transact(publisher, { to: registry.address, data: `${good.slice(0, 10)}${words.join("")}` });
  const [{ args }] = parseEventLogs({ abi: registry.abi, logs: receipt.logs });
  assert.deepEqual([args.imageRef, args.annotations, args.digests], [APP, APP, [digest("a")]]);
});

test("the contract takes no ether", async () => {
  const data = encodeFunctionData({ abi: registry.abi, functionName: "publish", args: [release(APP, [digest("a")])] });
  for (const transaction of [{ data, value: 1n }, { value: 1n }, { data: "0x" }, { data: "0xdeadbeef" }]) {
    const { status: outcome } = await world.transact(publisher, { to: registry.address, ...transaction });
    assert.equal(outcome, "reverted");
  }
});

function slotOf(key, slot) {
  return keccak256(`0x${key.slice(2)}${slot.slice(2)}`);
}
