// The node that the tests and the gas benchmark talk to: anvil, started here on a free loopback port, or the endpoint
// in DAOCHAIN_TEST_RPC, whose account DAOCHAIN_TEST_FUNDED must be unlocked for eth_sendTransaction (geth --dev).
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPublicClient, http } from "viem";

const START_DEADLINE_MS = 20_000;

/**
 * Starts or joins the node and says on stderr which one it is.
 * @returns {Promise<{url: string, client: object, funded: `0x${string}`, isAnvil: boolean, stop: () => Promise<void>}>}
 */
export async function startNode() {
  const external = process.env.DAOCHAIN_TEST_RPC;
  const node = external ? { url: external, stop: async () => {} } : await startAnvil();
  const client = createPublicClient({
    transport: http(node.url, { retryCount: 0, timeout: 60_000 }),
    pollingInterval: 20,
    cacheTime: 0,
  });
  const version = await client.request({ method: "web3_clientVersion" });
  console.error(`node: ${version} at ${external ? "DAOCHAIN_TEST_RPC" : node.url}`);
  const [first] = external ? [] : await client.request({ method: "eth_accounts" });
  const funded = first ?? process.env.DAOCHAIN_TEST_FUNDED;
  if (!funded) throw new Error("DAOCHAIN_TEST_FUNDED must name an unlocked account of DAOCHAIN_TEST_RPC");
  return { ...node, client, funded, isAnvil: /anvil/i.test(version) };
}

async function startAnvil() {
  // anvil writes to its home folder: give it one of its own.
  const home = mkdtempSync(join(tmpdir(), "daochain-anvil-"));
  const flags = ["--host", "127.0.0.1", "--port", "0", "--disable-default-create2-deployer"];
  // A watcher ends anvil when our end of its stdin closes, so that even a killed test run leaves nothing behind.
  const script =
    'exec 3<&0; "$0" "$@" 3<&- & node=$!; { cat <&3; kill "$node"; } >/dev/null 2>&1 & exec 3<&-; wait "$node"';
  const child = spawn("/bin/sh", ["-c", script, anvilBinary(), ...flags], {
    env: { ...process.env, HOME: home },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = new Promise((resolve) => child.once("close", resolve));
  const stop = async () => {
    child.stdin.end();
    await ended;
    rmSync(home, { recursive: true, force: true });
  };
  try {
    return { url: await listeningUrl(child), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The locked one; the lock holds Linux on x86-64 and ARM64, so elsewhere the `anvil` on the PATH. */
function anvilBinary() {
  const machine = process.arch === "arm64" ? "arm64" : "amd64";
  try {
    return createRequire(import.meta.url).resolve(`@foundry-rs/anvil-linux-${machine}/bin/anvil`);
  } catch {
    return "anvil";
  }
}

/** Waits for anvil's "Listening on" line, and keeps reading after it so that its pipe never fills. */
function listeningUrl(child) {
  return new Promise((resolve, reject) => {
    let output = "";
    const timer = setTimeout(() => reject(new Error(`anvil did not start:\n${output}`)), START_DEADLINE_MS);
    child.once("error", reject);
    child.once("close", () => reject(new Error(`anvil ended:\n${output}`)));
    child.stdout.on("data", (chunk) => {
      if (output === null) return;
      output += chunk;
      const match = /Listening on (\S+)/.exec(output);
      if (!match) return;
      clearTimeout(timer);
      output = null;
      resolve(`http://${match[1]}`);
    });
  });
}
