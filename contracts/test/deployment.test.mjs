// The committed artifacts: what they deploy, and where.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { after, before, test } from "node:test";
import { concat, numberToHex } from "viem";
import { World, artifact } from "./harness.mjs";

const CONTRACTS = ["ImageRegistry", "PublisherDirectory"];
const addresses = JSON.parse(readFileSync(new URL("../artifacts/addresses.json", import.meta.url), "utf8"));
let world, deployer;

before(async () => {
  world = await World.start();
  deployer = await world.actor();
});
after(() => world?.stop());

const codeAt = (address) => world.client.getCode({ address });

for (const name of CONTRACTS) {
  test(`${name}: the deployed code is the committed runtime code, byte for byte`, async () => {
    const deployed = await world.deploy(deployer, artifact(name));
    assert.equal(await codeAt(deployed.address), artifact(name).runtime);
  });
}

test("the deployment proxy can be deployed by its one transaction", async (t) => {
  const { proxy } = addresses;
  if (!(await codeAt(proxy.address))) {
    await world.transact(deployer, { to: proxy.deployer, value: BigInt(proxy.balance) });
    try {
      const hash = await world.client.sendRawTransaction({ serializedTransaction: proxy.transaction });
      assert.equal(hash, proxy.transactionHash);
      assert.equal((await world.receipt(hash)).status, "success");
    } catch (error) {
      // geth's default: no transactions without a chain id over RPC
      if (/EIP-?155/i.test(error.message)) return t.skip(error.details);
      throw error;
    }
  }
  assert.equal(await codeAt(proxy.address), proxy.runtime);
});

for (const name of CONTRACTS) {
  test(`${name}: the proxy deploys it at the committed address`, async (t) => {
    const { proxy, salt } = addresses;
    if (!(await codeAt(proxy.address))) return t.skip("the node has no deployment proxy and takes none");
    if (!(await codeAt(addresses[name]))) {
      const receipt = await world.transact(deployer, { to: proxy.address, data: concat([salt, artifact(name).bytecode]) });
      assert.equal(receipt.status, "success");
    }
    assert.equal(await codeAt(addresses[name]), artifact(name).runtime);
  });
}

test("the contracts respect the code size limit of EIP-170", () => {
  for (const name of CONTRACTS) assert.ok((artifact(name).runtime.length - 2) / 2 <= 24_576, name);
});

test("the runtime code cannot delegate, destroy itself or create", () => {
  for (const name of CONTRACTS) {
    const forbidden = { CALLCODE: 0xf2, DELEGATECALL: 0xf4, SELFDESTRUCT: 0xff, CREATE: 0xf0, CREATE2: 0xf5, CALL: 0xf1 };
    const found = opcodes(artifact(name).runtime);
    for (const [what, code] of Object.entries(forbidden)) assert.ok(!found.has(code), `${name}: ${what}`);
  }
});

test("every function, event and custom error of the ABI is exercised by these tests", () => {
  const here = new URL("./", import.meta.url);
  const sources = readdirSync(here)
    .filter((file) => file.endsWith(".test.mjs") && !file.startsWith("deployment"))
    .map((file) => readFileSync(new URL(file, here), "utf8"))
    .join("\n");
  // What OpenZeppelin's parts bring to the ABI and these contracts never use.
  const unused = new Set(["EIP712DomainChanged", "ERC5267ExtensionsNotSupported"]);
  for (const name of CONTRACTS) {
    const missing = artifact(name)
      .abi.map((item) => item.name)
      .filter((item) => !unused.has(item) && !sources.includes(`"${item}"`));
    assert.deepEqual(missing, [], name);
  }
});

/** The opcodes of a contract's code, up to the metadata behind it. */
function opcodes(runtime) {
  const code = Buffer.from(runtime.slice(2), "hex");
  const metadata = code.readUInt16BE(code.length - 2) + 2;
  const found = new Set();
  for (let at = 0; at < code.length - metadata; at += 1) {
    const opcode = code[at];
    found.add(opcode);
    if (opcode >= 0x60 && opcode <= 0x7f) at += opcode - 0x5f;
  }
  assert.ok(found.has(0x55), `SSTORE expected in ${numberToHex(code.length)} bytes`);
  return found;
}
