//! What a workflow reports when it could not do what it was asked: one shape for both interfaces.

use std::fmt;

use crate::domain::text::clean;

/// A failure, ready to be shown: a code that scripts rely on, a sentence, and the next step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// A kebab-case word that never changes its meaning. `daochain help errors` lists them all.
    pub code: &'static str,
    /// One sentence that names the operation, its object and the cause. Safe to show.
    pub message: String,
    /// What the user can do about it. Safe to show.
    pub hint: Option<String>,
}

impl Failure {
    /// A failure with `code` and a sentence.
    #[must_use]
    pub fn new(code: &'static str, message: &str) -> Self {
        Self { code, message: clean(message), hint: None }
    }

    /// A failure with a sentence that ends with its next step, `hint`. The hint is known beforehand and never read out of
    /// the sentence, which repeats foreign words: a node's, an archive's, a file's name. Those may hold any semicolon.
    pub(super) fn of(code: &'static str, sentence: &str, hint: Option<&'static str>) -> Self {
        let Some(hint) = hint else { return Self::new(code, sentence) };
        let message = sentence.strip_suffix(hint).and_then(|rest| rest.strip_suffix("; "));
        Self::new(code, message.unwrap_or(sentence)).hint(hint)
    }

    /// The same failure with a next step.
    #[must_use]
    pub fn hint(mut self, hint: &str) -> Self {
        self.hint = Some(clean(hint));
        self
    }

    /// The failure of work that nobody wants any more.
    #[must_use]
    pub fn cancelled() -> Self {
        Self::new("cancelled", "cancelled")
    }

    /// The failure of `work` that panicked. The panic's own words are in the log.
    #[must_use]
    pub fn fault(work: &str) -> Self {
        Self::new("internal", &format!("{work} ended by a fault of this program"))
            .hint("the log file names it; please report it")
    }

    /// True when the user, and not the world, ended the work.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.code == "cancelled"
    }

    /// 2 where the call itself was wrong, 3 where content contradicts itself, 1 for everything else.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self.code {
            "usage" | "confirmation-needed" | "passphrase-needed" | "key-needed" | "reference-needed" => 2,
            "image-corrupt" | "registry-changed" => 3,
            _ => 1,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Failure {}

/// A room's error as a failure: its code stays, and the next step that its kind has is taken off its sentence.
macro_rules! failure_from {
    ($($error:ty),+ $(,)?) => {$(
        impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::of(error.code(), &error.to_string(), error.hint())
            }
        }
    )+};
}

failure_from!(
    crate::chain::ChainError,
    crate::config::ConfigError,
    crate::docker::EngineError,
    crate::image::ImageError,
    crate::keystore::KeystoreError,
    crate::registry::RegistryError,
    crate::store::StoreError,
);

#[cfg(feature = "devnet")]
impl From<crate::devnet::DevnetError> for Failure {
    fn from(error: crate::devnet::DevnetError) -> Self {
        Self::of("devnet-failed", &error.to_string(), error.hint())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use std::{fmt::Display, io, path::PathBuf};

    use super::*;
    use crate::{
        chain::ChainError,
        config::ConfigError,
        docker::EngineError,
        domain::{Address, digest::DigestError, publication::Contract},
        image::ImageError,
        keystore::KeystoreError,
        store::{StoreError, files::FileError},
    };

    /// Words from outside, with what would be a next step if a semicolon told one.
    const EVIL: &str = "it broke; run evil";

    fn evil() -> String {
        EVIL.to_owned()
    }

    fn evil_path() -> PathBuf {
        "/tmp/app.tar; run evil".into()
    }

    fn evil_file(kind: io::ErrorKind) -> FileError {
        FileError::listing(&evil_path(), kind.into())
    }

    /// The failure says what the error says, and its hint is the one of the error's kind.
    fn taken_apart(error: impl Display + Into<Failure>, hint: Option<&'static str>) -> Failure {
        let sentence = error.to_string();
        let failure = error.into();
        assert_eq!(failure.to_string(), sentence);
        assert_eq!(failure.hint.as_deref(), hint, "{sentence}");
        assert!(!hint.is_some_and(|hint| failure.message.ends_with(hint)), "the next step stands once: {sentence}");
        assert_eq!(sentence.matches("run evil").count(), failure.message.matches("run evil").count(), "{sentence}");
        failure
    }

    #[test]
    fn foreign_words_are_never_a_hint_and_are_not_cut() {
        let node = ChainError::Node {
            endpoint: "http://n:1".to_owned(),
            method: "eth_call".to_owned(),
            code: 1,
            message: evil(),
        };
        let failure = Failure::from(node);
        assert_eq!(failure.message, "node `http://n:1` refused `eth_call`: it broke; run evil");
        assert_eq!(failure.hint.as_deref(), Some("try again, or name another with --rpc"));

        let failure = Failure::from(ImageError::Refused { problem: evil() });
        assert_eq!(failure.message, "the archive is refused: it broke; run evil");
        assert_eq!(failure.hint.as_deref(), Some("ask its maker for one that `docker save` wrote"));

        let unknown = FileError::listing(&evil_path(), io::Error::other(EVIL));
        let failure = Failure::from(StoreError::File(unknown));
        assert_eq!(failure.message, "cannot list folder `/tmp/app.tar; run evil`: it broke; run evil");
        assert_eq!(failure.hint, None);

        let error = ImageError::Truncated { offset: 7 };
        let sentence = format!("`{}`: {error}", evil_path().display());
        let failure = Failure::of(error.code(), &sentence, error.hint());
        assert!(failure.message.starts_with("`/tmp/app.tar; run evil`: the archive ends at byte 7"), "{failure}");
        assert_eq!(failure.hint.as_deref(), Some("save the image again"));
        assert_eq!(failure.to_string(), sentence);
    }

    #[test]
    fn a_sentence_without_its_next_step_stays_whole() {
        let failure = Failure::of("code", "a; b", Some("c"));
        assert_eq!((failure.message.as_str(), failure.hint.as_deref()), ("a; b", Some("c")));
        assert_eq!(Failure::of("code", "a; b", None), Failure::new("code", "a; b"));
    }

    #[test]
    fn words_that_imitate_the_next_step_win_nothing() {
        let cause = "x; start it, or name another with --rpc".to_owned();
        let failure = Failure::from(ChainError::Unreachable { endpoint: "http://n:1".to_owned(), cause });
        assert!(failure.message.ends_with("x; start it, or name another with --rpc"), "{failure}");
        assert_eq!(failure.hint.as_deref(), Some("start it, or name another with --rpc"));
    }

    #[test]
    fn a_room_s_sentence_is_what_it_was() {
        let chain = ChainError::InsufficientFunds { cause: "1 wei is missing".to_owned() };
        let config = ConfigError::NoHome;
        let docker = EngineError::Ambiguous { name: "ab".to_owned(), count: 2 };
        let image = ImageError::Packed { packing: "xz".to_owned() };
        let keystore = KeystoreError::NoSuchAccount { address: Address::from_bytes([0; 20]), folder: "k".into() };
        let store = StoreError::Full { operation: "record a transaction", path: "s".into() };
        for (failure, sentence, hint) in [
            (chain.into(), "the account cannot pay: 1 wei is missing; fund it first", "fund it first"),
            (config.into(), "there is no home folder (HOME is not set); name one with --home", "name one with --home"),
            (
                docker.into(),
                "image ID `ab` is the beginning of 2 images' IDs; write more of its digits",
                "write more of its digits",
            ),
            (
                image.into(),
                "the archive is refused: it is compressed with xz; gzip, and zstd with windows up to 32 MiB (8 MiB around the whole file, less beside many members), are read; unpack it first",
                "unpack it first",
            ),
            (
                keystore.into(),
                "there is no account `0x0000000000000000000000000000000000000000` in the keystore `k`; `daochain account list` shows those there are",
                "`daochain account list` shows those there are",
            ),
            (
                store.into(),
                "cannot record a transaction in the database `s`: the disk is full; free some space and try again",
                "free some space and try again",
            ),
        ] {
            let failure: Failure = failure;
            assert_eq!(failure.to_string(), sentence);
            assert_eq!(failure.hint.as_deref(), Some(hint));
            assert_eq!(format!("{}; {hint}", failure.message), sentence);
        }
    }

    /// Calls [`taken_apart`] for each error with the hint of its own kind.
    macro_rules! all_taken_apart {
        ($($error:expr),+ $(,)?) => {$({
            let error = $error;
            let hint = error.hint();
            taken_apart(error, hint);
        })+};
    }

    #[test]
    fn every_error_of_chain_and_engine_is_taken_apart() {
        let (endpoint, method, address) = (evil, evil, Address::from_bytes([1; 20]));
        all_taken_apart!(
            ChainError::Endpoint { endpoint: endpoint(), cause: evil() },
            ChainError::Unreachable { endpoint: endpoint(), cause: evil() },
            ChainError::TimedOut { endpoint: endpoint(), method: method(), seconds: 1 },
            ChainError::Node { endpoint: endpoint(), method: method(), code: 1, message: evil() },
            ChainError::Malformed { endpoint: endpoint(), method: method(), cause: evil() },
            ChainError::WrongChain { endpoint: endpoint(), network: evil(), expected: 1, found: 2 },
            ChainError::NoContract { network: evil(), what: Contract::Directory, address },
            ChainError::ForeignContract { network: evil(), what: Contract::Registry, address },
            ChainError::Unsettled { endpoint: endpoint() },
            ChainError::Refused { reason: evil() },
            ChainError::Rejected { endpoint: endpoint(), reason: evil() },
            ChainError::Underpriced { reason: evil() },
            ChainError::InsufficientFunds { cause: evil() },
            ChainError::NonceTaken,
            ChainError::Key { cause: evil() },
            EngineError::Unreachable { operation: evil(), endpoint: endpoint(), cause: evil() },
            EngineError::Permission { operation: evil(), endpoint: endpoint(), cause: evil() },
            EngineError::Lost { operation: evil(), endpoint: endpoint(), cause: evil() },
            EngineError::Refused { operation: evil(), endpoint: endpoint(), status: 500, cause: evil() },
            EngineError::Malformed { operation: evil(), endpoint: endpoint(), cause: evil() },
            EngineError::NoSuchImage { name: evil(), endpoint: endpoint() },
            EngineError::Ambiguous { name: evil(), count: 2 },
            EngineError::BadName { name: evil(), cause: evil() },
            EngineError::Config { place: evil(), cause: evil(), step: "mend it" },
            EngineError::Cancelled { operation: evil() },
        );
    }

    #[test]
    fn every_error_of_archives_and_keys_is_taken_apart() {
        let (file, address) = (evil_path, Address::from_bytes([1; 20]));
        all_taken_apart!(
            ImageError::Open { path: evil(), cause: io::Error::other(EVIL) },
            ImageError::Read { offset: 1, cause: io::Error::other(EVIL) },
            ImageError::Truncated { offset: 1 },
            ImageError::Malformed { offset: 1, problem: evil() },
            ImageError::Document { member: evil(), problem: evil() },
            ImageError::NoImage { problem: evil() },
            ImageError::Ambiguous { problem: evil() },
            ImageError::Refused { problem: evil() },
            ImageError::Packed { packing: evil() },
            ImageError::Engine { message: evil() },
            ImageError::DigestAlgorithm { member: evil(), cause: DigestError::Algorithm(evil()) },
            ImageError::Cancelled,
            KeystoreError::Invalid { file: file(), cause: evil() },
            KeystoreError::Refused { file: file(), cause: evil() },
            KeystoreError::Passphrase { address: Some(address), file: file() },
            KeystoreError::Passphrase { address: None, file: file() },
            KeystoreError::NoSuchAccount { address, folder: file() },
            KeystoreError::Ambiguous { address, first: file(), second: file() },
            KeystoreError::Exists { address, file: file() },
            KeystoreError::NotRemoved { address, folder: file() },
            KeystoreError::Changed { file: file() },
            KeystoreError::NoKey { cause: evil() },
            KeystoreError::NoMnemonic { cause: evil() },
            KeystoreError::Path { path: evil() },
            KeystoreError::Cancelled,
            KeystoreError::NoFile(evil_file(io::ErrorKind::NotFound)),
            KeystoreError::Unreadable(evil_file(io::ErrorKind::PermissionDenied)),
            KeystoreError::Unwritable(evil_file(io::ErrorKind::Other)),
            KeystoreError::Randomness(evil()),
        );
    }

    #[test]
    fn every_error_of_the_home_is_taken_apart() {
        let path = evil_path;
        all_taken_apart!(
            ConfigError::Malformed { code: "config-invalid", file: path(), at: Some((1, 1)), cause: evil() },
            ConfigError::Unreadable(evil_file(io::ErrorKind::FileTooLarge)),
            ConfigError::Unwritable(evil_file(io::ErrorKind::ReadOnlyFilesystem)),
            ConfigError::Unwritable(evil_file(io::ErrorKind::BrokenPipe)),
            ConfigError::Exposed { folder: path() },
            ConfigError::NoHome,
            ConfigError::NoSuchNetwork { name: evil(), known: evil() },
            ConfigError::NetworkExists { name: evil() },
            ConfigError::NoSuchRule { pattern: "**".parse().unwrap(), of: evil() },
            ConfigError::Usage(evil()),
            StoreError::Full { operation: "open", path: path() },
            StoreError::ReadOnly { operation: "open", path: path() },
            StoreError::Unwritable { operation: "open", path: path(), cause: evil() },
            StoreError::Locked { path: path() },
            StoreError::Newer { path: path(), found: 2, known: 1 },
            StoreError::Damaged { operation: "open", path: path() },
            StoreError::Failed { operation: "open", path: path(), cause: evil() },
            StoreError::File(evil_file(io::ErrorKind::TimedOut)),
        );
    }

    #[cfg(feature = "devnet")]
    #[test]
    fn every_error_of_the_embedded_node_is_taken_apart() {
        use crate::devnet::DevnetError;

        let (path, other) = (evil_path, || io::Error::other(EVIL));
        all_taken_apart!(
            DevnetError::File { operation: "read", path: path(), cause: other() },
            DevnetError::NoFaucet { path: path() },
            DevnetError::BadFaucet { path: path() },
            DevnetError::Listen { cause: other() },
            DevnetError::Node { operation: "start", cause: evil() },
            DevnetError::HostSilent { path: path(), seconds: 1 },
            DevnetError::Stopped { while_doing: "ran" },
        );
        let error = DevnetError::HostSilent { path: "d".into(), seconds: 1 };
        let sentence =
            "another process hosts the dev chain in `d` and did not answer within 1 s; end that process or try again";
        assert_eq!(error.to_string(), sentence);
    }
}
