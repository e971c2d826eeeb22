#!/usr/bin/env python3
"""clef.py CLEF KEYSTORE PASSWORD_FILE DIR CHAIN_ID [MODE [PORT]]

geth's clef as a signer, headless: this script is its user, over `--stdio-ui`. MODE is `approve` (the default), `deny`, or `change`,
which approves transactions at another gas price than was asked for. Writes DIR/ready once DIR/clef.ipc answers, DIR/asked what it
was asked, a line each, and ends with clef. With PORT, clef answers at http://127.0.0.1:PORT as well.
"""
import json
import os
import subprocess
import sys

clef, keystore, password_file, folder, chain = sys.argv[1:6]
mode = sys.argv[6] if len(sys.argv) > 6 else "approve"
with open(password_file) as file:
    password = file.readline().rstrip("\n")
os.makedirs(folder, mode=0o700, exist_ok=True)
http = ["--http", "--http.addr", "127.0.0.1", "--http.port", sys.argv[7]] if len(sys.argv) > 7 else []
process = subprocess.Popen(
    [clef, "--suppress-bootwarn", "--stdio-ui", "--advanced", "--keystore", keystore, "--configdir", folder,
     "--chainid", chain, "--ipcpath", folder, "--auditlog", f"{folder}/audit.log", "--4bytedb-custom", f"{folder}/4byte.json",
     "--lightkdf", *http],
    stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=open(f"{folder}/log", "w"), text=True, bufsize=1)
asked = open(f"{folder}/asked", "w", buffering=1)


def answer(method, argument):
    """What the user does about a question."""
    if method == "ui_approveTx":
        transaction = argument["transaction"]
        if mode == "change":
            transaction["maxFeePerGas"] = hex(2 * int(transaction["maxFeePerGas"], 16))
        return {"transaction": transaction, "approved": mode != "deny"}
    if method == "ui_approveSignData":
        return {"approved": mode != "deny"}
    if method == "ui_approveListing":
        return {"accounts": argument["accounts"] if mode != "deny" else []}
    if method == "ui_onInputRequired":
        return {"text": password}
    return None


try:
    for line in process.stdout:
        try:
            message = json.loads(line)
        except ValueError:
            continue
        method = message.get("method", "")
        argument = (message.get("params") or [{}])[0]
        asked.write(method + "\n")
        if method == "ui_onSignerStartup":
            open(f"{folder}/ready", "w").close()
        if "id" in message:
            reply = {"jsonrpc": "2.0", "id": message["id"], "result": answer(method, argument)}
            process.stdin.write(json.dumps(reply) + "\n")
            process.stdin.flush()
finally:
    process.terminate()
    process.wait()
