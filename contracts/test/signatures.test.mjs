// Publications and revocations that a publisher signs and anyone sends: EIP-712, ERC-1271, and every replay.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { encodeAbiParameters, encodeFunctionData, parseSignature, serializeSignature } from "viem";
import { compile } from "../build.mjs";
import { ALL, FOREVER, World, digest, refHash, release, sha256 } from "./harness.mjs";

const APP = "docker.io/acme/app:1.0";
const CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const TYPES = {
  Publish: [
    { name: "publisher", type: "address" },
    { name: "releases", type: "Release[]" },
    { name: "nonce", type: "uint256" },
    { name: "deadline", type: "uint256" },
  ],
  Revoke: [
    { name: "publisher", type: "address" },
    { name: "imageRef", type: "string" },
    { name: "digests", type: "bytes32[]" },
    { name: "reason", type: "string" },
    { name: "nonce", type: "uint256" },
    { name: "deadline", type: "uint256" },
  ],
  Release: [
    { name: "imageRef", type: "string" },
    { name: "digests", type: "Digest[]" },
    { name: "amends", type: "uint32" },
    { name: "annotations", type: "string" },
  ],
  Digest: [
    { name: "value", type: "bytes32" },
    { name: "kind", type: "uint8" },
  ],
};
const RELEASES = [
  release(APP, [digest("a"), digest("b", 2)], { annotations: '{"n":1}' }),
  release(APP, [digest("c", 255)], { amends: 1 }),
];

let world, registry, publisher, relayer, wallets;

before(async () => {
  world = await World.start();
  [publisher, relayer] = await world.actors(2);
  const compiled = compile(["test/Wallet1271.sol"]);
  wallets = Object.fromEntries(
    Object.entries(compiled).map(([name, { abi, evm }]) => [name, { abi, bytecode: `0x${evm.bytecode.object}` }]),
  );
});
after(() => world?.stop());
test.beforeEach(async () => {
  registry = await world.registry(relayer);
});

const domain = (changed = {}) => ({
  name: "DaoChain ImageRegistry",
  version: "1",
  chainId: world.chainId,
  verifyingContract: registry.address,
  ...changed,
});
const sign = (primaryType, message, { signer = publisher, changed } = {}) =>
  signer.account.signTypedData({ domain: domain(changed), types: TYPES, primaryType, message });

/** Arguments of `publishBySig`; `said` is what is sent, when that differs from what is signed. */
async function publication({ said = {}, from = publisher.address, nonce = 0n, deadline = FOREVER, ...options } = {}) {
  const message = { publisher: from, releases: RELEASES, nonce, deadline };
  const signature = await sign("Publish", message, options);
  const sent = { ...message, ...said };
  return [sent.publisher, sent.releases, sent.nonce, sent.deadline, signature];
}

async function revocation({ said = {}, from = publisher.address, nonce = 0n, deadline = FOREVER, ...options } = {}) {
  const message = { publisher: from, imageRef: APP, digests: [sha256("a"), sha256("b")], reason: "bad", nonce, deadline };
  const signature = await sign("Revoke", message, options);
  const sent = { ...message, ...said };
  return [sent.publisher, sent.imageRef, sent.digests, sent.reason, sent.nonce, sent.deadline, signature];
}

const badSignature = (address = publisher.address) => ["BadSignature", [address]];

test("a signed publication is the publisher's, whoever sends it", async () => {
  const { events } = await registry.send(relayer, "publishBySig", await publication());
  assert.deepEqual(events.map(({ publisher, by, version }) => [publisher, by, version]), [
    [publisher.address, publisher.address, 1],
    [publisher.address, publisher.address, 1],
  ]);
  assert.deepEqual(events[0].digests, RELEASES[0].digests);
  assert.equal(await registry.read("nonce", [publisher.address]), 1n);
  assert.equal((await registry.read("head", [relayer.address, refHash(APP)]))[0], 0);
});

test("a signed revocation is the publisher's, whoever sends it", async () => {
  const { events } = await registry.send(relayer, "revokeBySig", await revocation());
  assert.deepEqual(events.map(({ publisher, by, digest, reason }) => [publisher, by, digest, reason]), [
    [publisher.address, publisher.address, sha256("a"), "bad"],
    [publisher.address, publisher.address, sha256("b"), "bad"],
  ]);
  assert.equal(await registry.read("nonce", [publisher.address]), 1n);
});

test("the domain can be read from the contract (EIP-5267)", async () => {
  assert.deepEqual(await registry.read("eip712Domain"), [
    "0x0f", "DaoChain ImageRegistry", "1", BigInt(world.chainId), registry.address, ALL, [],
  ]);
});

test("a signature is good once, and both kinds share the nonces", async () => {
  const args = await publication();
  await registry.send(relayer, "publishBySig", args);
  await registry.refuses(relayer, "publishBySig", args, "BadNonce", [0n, 1n]);
  await registry.refuses(relayer, "revokeBySig", await revocation(), "BadNonce", [0n, 1n]);
  await registry.send(relayer, "revokeBySig", await revocation({ nonce: 1n }));
  assert.equal(await registry.read("nonce", [publisher.address]), 2n);
});

test("a nonce of the future is refused", async () =>
  registry.refuses(relayer, "publishBySig", await publication({ nonce: 1n }), "BadNonce", [1n, 0n]));

test("a spent nonce cannot be changed to the next", async () => {
  const args = await publication();
  await registry.send(relayer, "publishBySig", args);
  args[2] = 1n;
  await registry.refuses(relayer, "publishBySig", args, ...badSignature());
});

test("a refused publication spends no nonce", async () => {
  const args = await publication();
  await registry.send(publisher, "revoke", [APP, [sha256("c")], ""]);
  await registry.refuses(relayer, "publishBySig", args, "DigestRevoked", [refHash(APP), sha256("c")]);
  const data = encodeFunctionData({ abi: registry.abi, functionName: "publishBySig", args });
  assert.equal((await world.transact(relayer, { to: registry.address, data })).status, "reverted");
  assert.equal(await registry.read("nonce", [publisher.address]), 0n);
});

test("a signature expires after its deadline, to the second", async () => {
  const deadline = (await world.now()) + 1000n;
  const late = { blockOverrides: { time: deadline + 1n } };
  for (const [call, args] of [
    ["publishBySig", await publication({ deadline })],
    ["revokeBySig", await revocation({ deadline })],
  ]) {
    await registry.simulate(relayer, call, args, { blockOverrides: { time: deadline } });
    await registry.refuses(relayer, call, args, "SignatureExpired", [deadline], late);
  }
});

test("an expired signature is refused on the chain, and its deadline cannot be moved", async () => {
  const deadline = await world.now();
  await world.passes(relayer, deadline);
  const args = await publication({ deadline });
  await registry.refuses(relayer, "publishBySig", args, "SignatureExpired", [deadline]);
  args[3] = FOREVER;
  await registry.refuses(relayer, "publishBySig", args, ...badSignature());
});

test("a signature for another chain, contract, name or version is refused", async () => {
  for (const changed of [
    { chainId: world.chainId + 1 },
    { verifyingContract: relayer.address },
    { name: "DaoChain" },
    { version: "2" },
  ]) {
    await registry.refuses(relayer, "publishBySig", await publication({ changed }), ...badSignature());
    await registry.refuses(relayer, "revokeBySig", await revocation({ changed }), ...badSignature());
  }
});

test("a signature is refused by a second registry on the same chain", async () => {
  const args = await publication();
  const other = await world.registry(relayer);
  await other.refuses(relayer, "publishBySig", args, ...badSignature());
  await registry.simulate(relayer, "publishBySig", args);
});

test("nothing that was signed can be changed", async () => {
  const [first, second] = RELEASES;
  const changes = [
    { releases: [first] },
    { releases: [second, first] },
    { releases: [{ ...first, imageRef: "docker.io/acme/app:2.0" }, second] },
    { releases: [{ ...first, annotations: "" }, second] },
    { releases: [first, { ...second, amends: 0 }] },
    { releases: [{ ...first, digests: [digest("a"), digest("b", 3)] }, second] },
    { releases: [{ ...first, digests: [digest("x"), digest("b", 2)] }, second] },
    { releases: [{ ...first, digests: [digest("a")] }, second] },
    { releases: [] },
  ];
  for (const said of changes) {
    await registry.refuses(relayer, "publishBySig", await publication({ said }), ...badSignature());
  }
  for (const said of [{ imageRef: "x" }, { digests: [sha256("a")] }, { digests: [] }, { reason: "" }]) {
    await registry.refuses(relayer, "revokeBySig", await revocation({ said }), ...badSignature());
  }
});

test("a signature of somebody else is refused", async () => {
  await registry.refuses(relayer, "publishBySig", await publication({ signer: relayer }), ...badSignature());
  await registry.refuses(relayer, "revokeBySig", await revocation({ signer: relayer }), ...badSignature());
  const said = { publisher: relayer.address };
  await registry.refuses(relayer, "publishBySig", await publication({ said }), ...badSignature(relayer.address));
});

test("a delegate's signature is not the publisher's", async () => {
  await registry.send(publisher, "setDelegate", [relayer.address, ALL, FOREVER]);
  await registry.refuses(relayer, "publishBySig", await publication({ signer: relayer }), ...badSignature());
});

test("nobody speaks for the zero address", async () => {
  const zero = `0x${"00".repeat(20)}`;
  const args = await publication({ from: zero });
  for (const signature of [args[4], "0x", `0x${"00".repeat(65)}`]) {
    args[4] = signature;
    await registry.refuses(relayer, "publishBySig", args, ...badSignature(zero));
  }
});

test("malformed and malleable signatures are refused", async () => {
  const args = await publication();
  const { r, s, yParity } = parseSignature(args[4]);
  const high = serializeSignature({ r, s: `0x${(CURVE_ORDER - BigInt(s)).toString(16).padStart(64, "0")}`, yParity: 1 - yParity });
  for (const signature of ["0x", "0x00", args[4].slice(0, -2), `${args[4]}00`, `0x${"00".repeat(65)}`, high]) {
    args[4] = signature;
    await registry.refuses(relayer, "publishBySig", args, ...badSignature());
  }
});

test("a signed empty publication is refused", async () => {
  const message = { publisher: publisher.address, releases: [], nonce: 0n, deadline: FOREVER };
  const signature = await sign("Publish", message);
  await registry.refuses(relayer, "publishBySig", [...Object.values(message), signature], "NoReleases");
});

test("a signed word does not outlive retirement, except to revoke", async () => {
  const args = await publication();
  const revoking = await revocation();
  await registry.send(publisher, "retire", [ALL, ""]);
  await registry.refuses(relayer, "publishBySig", args, "PublisherRetired", [publisher.address]);
  await registry.send(relayer, "revokeBySig", revoking);
});

test("a contract publishes and revokes by its ERC-1271", async () => {
  const wallet = await world.deploy(relayer, wallets.Wallet1271, [publisher.address]);
  const from = wallet.address;
  const { events } = await registry.send(relayer, "publishBySig", await publication({ from }));
  assert.deepEqual([events[0].publisher, events[0].by], [from, from]);
  await registry.send(relayer, "revokeBySig", await revocation({ from, nonce: 1n }));
  const status = await registry.read("status", [from, refHash(APP), sha256("a")]);
  assert.equal(status.version, 1);
  assert.ok(status.revokedAt > 0n);
});

test("a contract refuses what its owner did not sign, and each contract is asked for itself", async () => {
  const one = await world.deploy(relayer, wallets.Wallet1271, [publisher.address]);
  const two = await world.deploy(relayer, wallets.Wallet1271, [publisher.address]);
  const stranger = await publication({ from: one.address, signer: relayer });
  await registry.refuses(relayer, "publishBySig", stranger, ...badSignature(one.address));
  // the same owner signed for the first wallet: not good for the second
  const moved = await publication({ from: one.address, said: { publisher: two.address } });
  await registry.refuses(relayer, "publishBySig", moved, ...badSignature(two.address));
  // a contract without ERC-1271
  const mute = await publication({ from: registry.address });
  await registry.refuses(relayer, "publishBySig", mute, ...badSignature(registry.address));
});

test("a contract that is asked cannot act while it answers", async () => {
  const wallet = await world.deploy(relayer, wallets.ReentrantWallet);
  const args = await publication({ from: wallet.address });
  const data = encodeFunctionData({ abi: registry.abi, functionName: "publishBySig", args });
  await wallet.send(relayer, "arm", [registry.address, data]);
  await registry.send(relayer, "publishBySig", args);
  assert.equal(await registry.read("nonce", [wallet.address]), 1n);
  assert.equal((await registry.read("head", [wallet.address, refHash(APP)]))[0], 1);
});

test("the event's data is the canonical ABI encoding, whatever the signature check left in memory", async () => {
  const wallet = await world.deploy(relayer, wallets.ReentrantWallet);
  const releases = [release("r", [digest("a")], { annotations: "note" }), release("s", [digest("b")])];
  const args = [wallet.address, releases, 0n, FOREVER, `0x${"ff".repeat(1500)}`];
  await wallet.send(relayer, "arm", [registry.address, "0x"]);
  const { logs } = await registry.send(relayer, "publishBySig", args);
  const inputs = registry.abi.find(({ name }) => name === "Published").inputs.filter(({ indexed }) => !indexed);
  for (const [i, { imageRef, digests, annotations }] of releases.entries()) {
    const data = encodeAbiParameters(inputs, [1, imageRef, digests, annotations, wallet.address]);
    assert.equal(logs[i].data, data, imageRef);
  }
});
