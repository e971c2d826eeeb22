// Gas of a publication beside the contract of 2016, both compiled with the same settings and run on the same node.
// Exits 1 when a bound is missed.
import { createHash } from "node:crypto";
import { encodeDeployData, encodeFunctionData } from "viem";
import { compile } from "../build.mjs";
import { startNode } from "../test/node.mjs";

// A usual reference on Docker Hub and a usual one on a company's registry. The bounds stand for the longer: the old
// contract kept a reference in storage, so it pays for the length, while for 22 characters its four slots are so few
// that two slots and a transaction (65 200 gas) are already more than 0.485 of it.
const SHORT = "docker.io/acme/app:1.0";
const LONG = "registry.example.org/platform/payments/api:2.14.3";
const BATCH = 100;
const BOUNDS = { first: 0.485, update: 1.3, batch: 0.35 };

const node = await startNode();
try {
  const compiled = compile(["ImageRegistry.sol", "bench/Legacy2016.sol"]);
  const legacy = await contract(compiled.Legacy2016);
  const registry = await contract(compiled.ImageRegistry);
  const rows = [];
  for (const imageRef of [SHORT, LONG]) {
    const oldFirst = await legacy("registerImage", register(imageRef, 1));
    const oldUpdate = await legacy("registerImage", register(imageRef, 2));
    const first = await registry("publish", [release(imageRef, 1)]);
    const update = await registry("publish", [release(imageRef, 2)]);
    const many = Array.from({ length: BATCH }, (_, i) => release(numbered(imageRef, i), 3));
    const batch = (await registry("publishMany", [many])) / BATCH;
    const characters = imageRef.length;
    rows.push(
      { characters, what: "first publication", old: oldFirst, now: first, bound: BOUNDS.first },
      { characters, what: "update", old: oldUpdate, now: update, bound: BOUNDS.update },
      { characters, what: `one of ${BATCH} in publishMany`, old: oldFirst, now: batch, bound: BOUNDS.batch },
    );
  }
  report(rows);
} finally {
  await node.stop();
}

/** Deploys a contract; returns a function that sends a call and returns the gas it used. */
async function contract({ abi, evm }) {
  const { contractAddress } = await send({ data: encodeDeployData({ abi, bytecode: `0x${evm.bytecode.object}` }) });
  return async (functionName, args) => {
    const { gasUsed } = await send({ to: contractAddress, data: encodeFunctionData({ abi, functionName, args }) });
    return Number(gasUsed);
  };
}

async function send(transaction) {
  const hash = await node.client.request({
    method: "eth_sendTransaction",
    params: [{ from: node.funded, gas: "0xe4e1c0", ...transaction }],
  });
  const receipt = await node.client.waitForTransactionReceipt({ hash });
  if (receipt.status !== "success") throw new Error(`transaction ${hash} failed`);
  return receipt;
}

function register(imageRef, build) {
  const tag = `0x${Buffer.from(imageRef).toString("hex")}`;
  return [BigInt(sha256(`${imageRef} hash ${build}`)), tag, BigInt(sha256(`${imageRef} id ${build}`))];
}

function release(imageRef, build) {
  return { imageRef, digests: [{ value: sha256(`${imageRef} ${build}`), kind: 1 }], amends: 0, annotations: "" };
}

/** A reference of the same length for each image of the batch. */
function numbered(imageRef, i) {
  const suffix = String(i).padStart(3, "0");
  return imageRef.slice(0, -suffix.length) + suffix;
}

function sha256(text) {
  return `0x${createHash("sha256").update(text).digest("hex")}`;
}

function report(rows) {
  console.log("characters  what                          2016      now   ratio   bound");
  for (const { characters, what, old, now, bound } of rows) {
    const ratio = now / old;
    const bounded = characters === LONG.length;
    const verdict = !bounded ? "" : ratio <= bound ? `${bound} ok` : `${bound} MISSED`;
    if (bounded && ratio > bound) process.exitCode = 1;
    console.log(
      `${String(characters).padStart(10)}  ${what.padEnd(26)}${String(old).padStart(8)} ${now.toFixed(0).padStart(8)}   ${ratio.toFixed(3)}   ${verdict}`,
    );
  }
}
