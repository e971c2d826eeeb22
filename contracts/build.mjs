// Compiles the contracts and writes `artifacts/`; with `--check` compares instead, byte for byte, and exits 1 on a
// difference. The artifacts are what the Rust side embeds: ABI, deployment code, runtime code, and the addresses that
// follow from the deployment code on every chain.
import { mkdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import solc from "solc";
import { getAddress, getContractAddress, keccak256, parseTransaction, recoverTransactionAddress } from "viem";

const HERE = new URL("./", import.meta.url);
const CONTRACTS = ["ImageRegistry", "PublisherDirectory"];

// The deterministic deployment proxy (github.com/Arachnid/deterministic-deployment-proxy): call it with a salt and
// deployment code, and CREATE2 does the rest. Its deployment was signed without a key, so it can be repeated on any
// chain that takes transactions without a chain id: fund `deployer` with `balance` wei, send `transaction`.
const PROXY_RUNTIME =
  "0x7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe03601600081602082378035828234f58015156039578182fd5b8082525050506014600cf3";
const PROXY_TRANSACTION =
  `0xf8a58085174876e800830186a08080b853604580600e600039806000f350fe${PROXY_RUNTIME.slice(2)}1ba0${"22".repeat(32)}a0${"22".repeat(32)}`;
const SALT = `0x${"00".repeat(32)}`;

// `bytecodeHash: none`: the code follows from what is compiled, not from file paths and comments.
// `cancun`: newer rules would not run on chains that lag behind.
const SETTINGS = {
  viaIR: true,
  optimizer: { enabled: true, runs: 10_000 },
  evmVersion: "cancun",
  metadata: { bytecodeHash: "none" },
  outputSelection: { "*": { "*": ["abi", "evm.bytecode", "evm.deployedBytecode"] } },
};

// solc 8760: a parameter is named like a function (`nonce`, `successor`). Wanted: the names are what callers see.
const ALLOWED_WARNINGS = new Set(["8760"]);

/** Compiles files of this folder; returns the compiler's output per contract name. */
export function compile(files) {
  const input = {
    language: "Solidity",
    sources: Object.fromEntries(files.map((file) => [file, { content: read(file) }])),
    settings: SETTINGS,
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: findImport }));
  const problems = (output.errors ?? []).filter(
    (problem) => problem.severity === "error" || !ALLOWED_WARNINGS.has(problem.errorCode),
  );
  if (problems.length > 0) throw new Error(problems.map((problem) => problem.formattedMessage).join("\n"));
  return Object.assign({}, ...files.map((file) => output.contracts[file]));
}

function findImport(path) {
  try {
    return { contents: read(path.startsWith("@") ? `node_modules/${path}` : path) };
  } catch (error) {
    return { error: `${path}: ${error.message}` };
  }
}

function read(path) {
  return readFileSync(new URL(path, HERE), "utf8");
}

/** The artifacts by path, as they should stand on disk. */
async function artifacts() {
  const compiled = compile(CONTRACTS.map((name) => `${name}.sol`));
  const files = new Map();
  const proxy = await deploymentProxy();
  const addresses = { proxy, salt: SALT };
  for (const name of CONTRACTS) {
    const { abi, evm } = compiled[name];
    const immutables = evm.deployedBytecode.immutableReferences ?? {};
    if (Object.keys(immutables).length > 0) {
      throw new Error(`${name} has immutables: its deployed code would not equal the committed runtime code`);
    }
    const bytecode = `0x${evm.bytecode.object}`;
    files.set(`artifacts/${name}.abi.json`, `${JSON.stringify(abi, null, 2)}\n`);
    files.set(`artifacts/${name}.bin`, `${bytecode}\n`);
    files.set(`artifacts/${name}.runtime.bin`, `0x${evm.deployedBytecode.object}\n`);
    addresses[name] = getContractAddress({ opcode: "CREATE2", from: proxy.address, salt: SALT, bytecode });
  }
  files.set("artifacts/addresses.json", `${JSON.stringify(addresses, null, 2)}\n`);
  return files;
}

/** Everything about the proxy follows from its one transaction. */
async function deploymentProxy() {
  const { gas, gasPrice } = parseTransaction(PROXY_TRANSACTION);
  const deployer = await recoverTransactionAddress({ serializedTransaction: PROXY_TRANSACTION });
  return {
    address: getContractAddress({ from: deployer, nonce: 0n }),
    deployer: getAddress(deployer),
    balance: (gas * gasPrice).toString(),
    transaction: PROXY_TRANSACTION,
    transactionHash: keccak256(PROXY_TRANSACTION),
    runtime: PROXY_RUNTIME,
  };
}

async function main(check) {
  const files = await artifacts();
  if (!check) mkdirSync(new URL("artifacts/", HERE), { recursive: true });
  const stale = [];
  for (const [path, content] of files) {
    if (!check) {
      writeFileSync(new URL(path, HERE), content);
      continue;
    }
    let committed;
    try {
      committed = read(path);
    } catch {
      stale.push(`${path} is missing`);
      continue;
    }
    if (committed !== content) stale.push(`${path} differs from what the sources compile to`);
  }
  if (stale.length > 0) {
    console.error(`${stale.join("\n")}\nrun \`npm run build\` and commit contracts/artifacts`);
    process.exitCode = 1;
    return;
  }
  console.error(`${check ? "checked" : "wrote"} ${files.size} artifacts with solc ${solc.version()}`);
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await main(process.argv.includes("--check"));
}
