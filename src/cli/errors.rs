//! Every code that a failure can carry: what `daochain help errors` prints, and what scripts may rely on.

use serde::Serialize;

/// A code and what it says.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Code {
    #[serde(rename = "code")]
    pub word: &'static str,
    /// The process's exit code.
    pub exit: u8,
    pub meaning: &'static str,
}

const fn code(word: &'static str, meaning: &'static str) -> Code {
    Code { word, exit: 1, meaning }
}

const fn usage(word: &'static str, meaning: &'static str) -> Code {
    Code { word, exit: 2, meaning }
}

/// All codes, by subject. A code never changes its meaning; a test holds the sources to this list.
pub const CODES: &[Code] = &[
    // The call.
    usage("usage", "the arguments are wrong"),
    usage("confirmation-needed", "nobody could be asked for a yes, and --yes was not given"),
    usage("passphrase-needed", "nobody could be asked for the passphrase, and no file was named"),
    usage("key-needed", "nobody could be asked for the key, and no file was named"),
    usage("reference-needed", "the archive names no image, and no reference was given"),
    code("cancelled", "the user or a signal ended the work"),
    code("internal", "the program is wrong, or the system refused it threads"),
    code("file-unreadable", "a file that an argument names cannot be read"),
    // The home.
    code("config-invalid", "config.toml cannot be understood; it was not changed"),
    code("config-unreadable", "config.toml or trust.toml cannot be read"),
    code("config-locked", "another process holds config.toml or trust.toml"),
    code("home-exposed", "the keystore folder is open to other users"),
    code("home-unwritable", "the home's folders or files cannot be written"),
    code("no-home", "no folder for the home is known; name one with --home"),
    code("theme-invalid", "theme.toml cannot be understood; it was not changed"),
    code("trust-invalid", "trust.toml cannot be understood; it was not changed"),
    code("store-failed", "the home's database refused"),
    code("store-locked", "another process holds the home's database"),
    code("store-newer", "the home's database was written by a newer version"),
    code("store-unwritable", "the home's database cannot be written"),
    // Images.
    code("engine-unreachable", "no engine answers"),
    code("engine-permission", "the engine's socket is closed to this user"),
    code("engine-config", "the engine's address or its TLS files cannot be used"),
    code("engine-error", "the engine refused, or its answer broke off"),
    code("no-such-image", "no engine, archive folder or archive has that image"),
    code("not-compared", "an image or the released one is not to be had, so their layers or files are not compared"),
    code("reference-ambiguous", "one name stands for several images of one platform"),
    code("registry-unreachable", "the registry does not answer"),
    code("registry-denied", "the registry wants a login, or refuses the one that there is"),
    code("registry-busy", "the registry was asked too often"),
    code("registry-unlisted", "the registry does not list its repositories"),
    code("registry-error", "the registry refused, or its answer cannot be used"),
    Code {
        word: "registry-changed",
        exit: 3,
        meaning: "the registry serves something else than it says, or than was pushed",
    },
    code("helper-failed", "a program that keeps logins cannot be asked"),
    code("certificate-unusable", "a registry's certificates cannot be read"),
    Code { word: "image-corrupt", exit: 3, meaning: "the image's content contradicts itself" },
    code("image-unreadable", "the image could not be measured"),
    code("archives-unreadable", "an archive folder cannot be read"),
    code("archive-unreadable", "the file is no image archive that can be understood"),
    code("archive-ambiguous", "the archive can be read in two ways"),
    code("archive-refused", "the archive costs more than the bounds allow"),
    code("archive-changed", "the archive changed while it was read"),
    code("digest-algorithm", "a digest is none of SHA-256"),
    // Accounts.
    code("no-account", "no account was named, and none is the default"),
    code("no-such-account", "this home has no such account"),
    code("account-ambiguous", "two key files hold one account"),
    code("account-exists", "the keystore has the account already"),
    code("passphrase-wrong", "the passphrase does not open the key file"),
    code("passphrase-differs", "the passphrase was typed in two ways"),
    code("passphrase-empty", "a new key needs a passphrase"),
    code("passphrase-unreadable", "the passphrase file cannot be read"),
    code("keyfile-invalid", "the key file is malformed, or its address is not its key's"),
    code("keyfile-refused", "the key file costs more to open than the bounds allow"),
    code("keyfile-changed", "another program wrote the key file meanwhile; nothing was written"),
    code("keyfile-exposed", "in lists: other users can read the key file"),
    code("keyfile-misnamed", "in lists: the key file's name tells another account than its content"),
    code("mnemonic-invalid", "the words are no mnemonic of BIP-39"),
    code("key-unusable", "the key is no private key of Ethereum"),
    code("keystore-unreadable", "the keystore folder cannot be read"),
    code("keystore-unwritable", "the key file cannot be written"),
    code("key-elsewhere", "the account's key is on another machine, or it is a contract"),
    code("signer-unreachable", "the signer outside this program cannot be asked"),
    code("signer-refused", "the signer, or its user, did not sign what it was asked to"),
    code("unsignable", "only the publisher's own transaction can say this"),
    code("request-invalid", "the file is no request or signature of this program"),
    code("request-too-large", "all of it together does not fit one transaction"),
    code("signature-invalid", "the signature is not the publisher's, or the request was changed"),
    code("signature-early", "an earlier signature of the publisher must be relayed first"),
    code("signature-used", "the registry has taken a signature of that number"),
    code("signature-expired", "the signature's deadline has passed"),
    code("wrong-contract", "the signature is for another registry than the network's"),
    code("qr-too-large", "the text does not fit a QR code, or the code does not fit the terminal"),
    code("file-unwritable", "the file cannot be written, or is there already"),
    code("no-randomness", "the system gives no random numbers"),
    code("not-dev", "only the network dev has a faucet"),
    // Trust.
    code("no-such-rule", "there is no trust rule like that"),
    code("release-too-large", "an index leads to more digests than one release holds"),
    code("no-image-name", "a digest was released under what is no name of an image, which only lists show"),
    code("not-claimed", "the account claims nothing of the namespace, so there is nothing to take back"),
    code("already-deployed", "both contracts stand on the network already"),
    code("no-namespace", "no account of this home claims a namespace"),
    code("pull-refused", "the trust policy refuses the image that was to be pulled"),
    code("trust-ambiguous", "a pattern has trust entries for several networks, and it is not said which is meant"),
    code("never-published", "who is to be pinned has never published the reference"),
    code("policy-unverified", "a trust policy is not the file that was released; it was not taken over"),
    // Networks and nodes.
    code("no-such-network", "the configuration has no such network"),
    code("network-exists", "a network of that name is configured already"),
    code("no-endpoint", "the network has no endpoint"),
    code("endpoint-invalid", "the endpoint's URL cannot be used"),
    code("node-unreachable", "the node does not answer"),
    code("node-timeout", "the node did not answer in time"),
    code("node-error", "the node refused"),
    code("node-malformed", "the node's answer cannot be understood"),
    code("wrong-chain", "the node is of another chain than the network"),
    code("chain-unsettled", "the chain was reorganised while it was read"),
    code("nonce-held", "another transaction of the account waits with the same nonce"),
    code("no-such-transaction", "this home's journal has no such transaction"),
    code("transaction-settled", "the transaction does not wait any more"),
    code("endpoints-disagree", "too few endpoints of the network say the same"),
    code("geth-absent", "there is no program `geth`"),
    code("geth-busy", "another process runs geth for this home"),
    code("geth-failed", "geth makes no chain, or ends as soon as it is started"),
    code("devnet-absent", "this build has no embedded node"),
    code("devnet-failed", "the embedded node cannot be started"),
    // Namespaces.
    code("namespace-taken", "something else than publishers' statements stands at the statement's name"),
    code("namespace-full", "the namespace holds as many statements as it may"),
    code("namespace-changed", "somebody else pushed to the statement's name at the same time"),
    // The contracts and their transactions.
    code("no-contract", "the registry contract, or the publisher directory, is not deployed on the network"),
    code("foreign-contract", "other code than the contract's stands at its address"),
    code("refused", "the contract does not take the statement"),
    code("insufficient-funds", "the account cannot pay"),
    code("fee-too-low", "the node wants a higher fee"),
    code("nonce-taken", "another transaction of the account came first"),
    code("already-published", "the same was published between the question and the signature"),
    code("publication-pending", "an earlier transaction about the reference waits for its block"),
    code("transaction-rejected", "the node will not take the transaction"),
    code("transaction-reverted", "a block has the transaction, and the contract refused it"),
    code("transaction-replaced", "another transaction took its place"),
    code("transaction-dropped", "the node forgot the transaction; it is sent again"),
    code("transaction-unknown", "no node could tell what became of the transaction"),
    code("transaction-failed", "the transaction ended without its effect"),
    // The demo.
    code("demo-failed", "the demo did not reach what it set out to"),
    code("folder-not-empty", "the demo keeps its home only in an empty folder"),
    code("folder-unwritable", "the demo's folder cannot be written"),
    // The screen.
    code("no-terminal", "the screen needs a terminal"),
];

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use std::{
        collections::BTreeSet,
        fs,
        path::{Path, PathBuf},
    };

    use super::*;

    fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }

    /// The first text literal of `code`, which begins at a place where a code is expected.
    fn literals(code: &str) -> impl Iterator<Item = &str> {
        code.split('"').skip(1).step_by(2)
    }

    fn is_kebab(text: &str) -> bool {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
    }

    /// The text from an opening bracket's inside to the matching bracket.
    fn inside(text: &str, open: char, close: char) -> &str {
        let mut depth = 1;
        for (at, c) in text.char_indices() {
            depth += i32::from(c == open) - i32::from(c == close);
            if depth == 0 {
                return &text[..at];
            }
        }
        text
    }

    /// Codes given to `Failure::new`, those that a room's `code()` answers, and those that a room calls its `CODE`.
    fn used(text: &str) -> Vec<&str> {
        let shipped = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let after = |mark: &'static str| {
            let calls = shipped.split(mark).skip(1).filter(|rest| rest.trim_start().starts_with('"'));
            calls.filter_map(|rest| literals(rest).next())
        };
        let answered = shipped.split("fn code(").skip(1).filter_map(|function| {
            let (signature, body) = function.split_once('{')?;
            signature.contains("&'static str").then(|| literals(inside(body, '{', '}')))
        });
        let all = after("Failure::new(").chain(after("const CODE: &str =")).chain(answered.flatten());
        all.filter(|code| is_kebab(code)).collect()
    }

    fn shipped_files() -> Vec<(PathBuf, String)> {
        let mut files = Vec::new();
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
        files.retain(|file| !file.to_string_lossy().contains("tests"));
        files.into_iter().map(|file| (file.clone(), fs::read_to_string(file).unwrap())).collect()
    }

    #[test]
    fn every_code_that_the_sources_use_is_explained() {
        let known: BTreeSet<_> = CODES.iter().map(|code| code.word).collect();
        let mut missing = BTreeSet::new();
        for (file, text) in shipped_files() {
            let unexplained = used(&text).into_iter().filter(|code| !known.contains(code));
            missing.extend(unexplained.map(|code| format!("{code} ({})", file.display())));
        }
        assert!(missing.is_empty(), "codes without a meaning: {missing:#?}");
    }

    #[test]
    fn every_code_that_is_explained_is_used() {
        let files = shipped_files();
        let mut others = files.iter().filter(|(file, _)| !file.ends_with("cli/errors.rs"));
        let unused: Vec<_> = CODES
            .iter()
            .map(|code| format!("\"{}\"", code.word))
            .filter(|word| !others.clone().any(|(_, text)| text.contains(word)))
            .collect();
        assert!(others.next().is_some() && unused.is_empty(), "codes that nothing uses: {unused:?}");
    }

    #[test]
    fn the_scan_finds_what_it_is_for() {
        let text = "Failure::new(\n  \"a-b\", x) fn code(&self) -> &'static str { match self { A {..} => \"c-d\", } }";
        assert_eq!(used(text), ["a-b", "c-d"]);
        assert_eq!(used("const CODE: &str = \"e-f\"; Failure::new(code, \"g-h\")"), ["e-f"]);
    }

    #[test]
    fn codes_are_words_and_each_stands_once() {
        let distinct: BTreeSet<_> = CODES.iter().map(|code| code.word).collect();
        assert_eq!(distinct.len(), CODES.len());
        assert!(CODES.iter().all(|code| is_kebab(code.word) && !code.meaning.is_empty()));
    }

    #[test]
    fn exit_codes_are_those_of_failures() {
        for code in CODES {
            assert_eq!(crate::ops::Failure::new(code.word, "").exit_code(), code.exit, "{}", code.word);
        }
    }
}
