// A node with funded accounts and freshly deployed contracts, and words for what the tests do with them.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import {
  BaseError,
  ContractFunctionRevertedError,
  encodeDeployData,
  encodeFunctionData,
  getAddress,
  keccak256,
  numberToHex,
  parseEther,
  parseEventLogs,
  stringToBytes,
} from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { startNode } from "./node.mjs";

const RECEIPT_DEADLINE_MS = 20_000;
const POLL_MS = 5;
const GAS = 8_000_000n; // 64 new digests, or a deployment, with room

export const ALL = `0x${"00".repeat(32)}`;
export const ZERO_ADDRESS = `0x${"00".repeat(20)}`;
export const FOREVER = 2n ** 64n - 1n;

export const refHash = (imageRef) => keccak256(stringToBytes(imageRef));
export const sha256 = (text) => `0x${createHash("sha256").update(text).digest("hex")}`;
/** Digests by name: `digest("a")`. */
export const digest = (name, kind = 1) => ({ value: sha256(name), kind });
/** A release of a reference; by default a new version with one digest. */
export const release = (imageRef, digests, { amends = 0, annotations = "" } = {}) => ({
  imageRef,
  digests,
  amends,
  annotations,
});

export function artifact(name) {
  const text = (kind) => readFileSync(new URL(`../artifacts/${name}.${kind}`, import.meta.url), "utf8").trim();
  return { abi: JSON.parse(text("abi.json")), bytecode: text("bin"), runtime: text("runtime.bin") };
}

export class World {
  /** Starts or joins the node; `stop` it when done. */
  static async start() {
    const world = new World();
    world.node = await startNode();
    world.client = world.node.client;
    world.chainId = await world.client.getChainId();
    world.gasPrice = (await world.client.getGasPrice()) * 10n + 10n ** 9n;
    return world;
  }

  stop() {
    return this.node.stop();
  }

  /** A fresh account with ether, that signs here and not on the node. */
  async actor() {
    const account = privateKeyToAccount(generatePrivateKey());
    const hash = await this.client.request({
      method: "eth_sendTransaction",
      params: [{ from: this.node.funded, to: account.address, value: numberToHex(parseEther("10")) }],
    });
    await this.receipt(hash);
    return { account, address: account.address, nonce: 0 };
  }

  /** One after the other: the node numbers the funding account's transactions. */
  async actors(count) {
    const actors = [];
    while (actors.length < count) actors.push(await this.actor());
    return actors;
  }

  /** Signs, sends and waits; returns the receipt whatever its status. */
  async transact(actor, transaction) {
    const signed = await actor.account.signTransaction({
      type: "eip1559",
      chainId: this.chainId,
      nonce: actor.nonce++,
      gas: GAS,
      maxFeePerGas: this.gasPrice,
      maxPriorityFeePerGas: 1n,
      ...transaction,
    });
    return this.receipt(await this.client.sendRawTransaction({ serializedTransaction: signed }));
  }

  async receipt(hash) {
    const deadline = Date.now() + RECEIPT_DEADLINE_MS;
    while (Date.now() < deadline) {
      // Right after its start geth answers with an error while it indexes transactions.
      const receipt = await this.client.getTransactionReceipt({ hash }).catch(() => null);
      if (receipt) return receipt;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    throw new Error(`no receipt for ${hash}`);
  }

  async deploy(actor, { abi, bytecode }, args = []) {
    const receipt = await this.transact(actor, { data: encodeDeployData({ abi, bytecode, args }) });
    assert.equal(receipt.status, "success", "deployment");
    return new Deployed(this, abi, getAddress(receipt.contractAddress));
  }

  async registry(actor) {
    return this.deploy(actor, artifact("ImageRegistry"));
  }

  /** The time of the newest block. */
  async now() {
    return (await this.client.getBlock()).timestamp;
  }

  /** Makes blocks until the newest is later than `time`. Each is at least a second later than the one before. */
  async passes(actor, time) {
    if (this.node.isAnvil) {
      await this.client.request({ method: "evm_setNextBlockTimestamp", params: [numberToHex(time + 1n)] });
    }
    while ((await this.now()) <= time) await this.transact(actor, { to: actor.address });
  }
}

/** A deployed contract. */
class Deployed {
  constructor(world, abi, address) {
    Object.assign(this, { world, abi, address });
  }

  read(functionName, args = [], options = {}) {
    return this.world.client.readContract({ address: this.address, abi: this.abi, functionName, args, ...options });
  }

  /** Sends a call that must succeed; returns its receipt, with the contract's events decoded and the block's time. */
  async send(actor, functionName, args) {
    const data = encodeFunctionData({ abi: this.abi, functionName, args });
    const receipt = await this.world.transact(actor, { to: this.address, data });
    assert.equal(receipt.status, "success", `${functionName} failed`);
    const logs = parseEventLogs({ abi: this.abi, logs: receipt.logs });
    assert.equal(logs.length, receipt.logs.length, "events that are not in the ABI");
    const { timestamp } = await this.world.client.getBlock({ blockNumber: receipt.blockNumber });
    return { ...receipt, at: timestamp, events: logs.map(({ eventName, args }) => ({ eventName, ...args })) };
  }

  /** Whether a call would succeed, without sending it; `options` may override block and state. */
  async simulate(actor, functionName, args, options = {}) {
    const { address, abi } = this;
    await this.world.client.simulateContract({ address, abi, functionName, args, account: actor.address, ...options });
  }

  /** Asserts that a call is refused with exactly this custom error. */
  async refuses(actor, functionName, args, errorName, errorArgs = [], options = {}) {
    let refusal;
    try {
      await this.simulate(actor, functionName, args, options);
    } catch (error) {
      refusal = error instanceof BaseError && error.walk((e) => e instanceof ContractFunctionRevertedError);
      if (!refusal) throw error;
    }
    assert.ok(refusal, `${functionName} was not refused with ${errorName}`);
    const found = { name: refusal.data?.errorName ?? refusal.raw ?? "no data", args: refusal.data?.args ?? [] };
    assert.deepEqual(found, { name: errorName, args: errorArgs });
  }
}
