//! Where state lives.
//!
//! ```text
//! $XDG_CONFIG_HOME/daochain/   config.toml  trust.toml  keys.toml  theme.toml  registries.json
//! $XDG_DATA_HOME/daochain/     keystore/  state.db  devnet/  daochain.log
//! ```
//! With `--home DIR` (or `DAOCHAIN_HOME`) all of it is in that one folder. `--keystore DIR` takes the key files from
//! elsewhere: geth's own folder, say.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use super::ConfigError;
use crate::{domain::notice::Notice, store::files};

const NAME: &str = "daochain";

/// The places of one home.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    /// What the user configures.
    pub config_file: PathBuf,
    /// How the screen looks.
    pub theme_file: PathBuf,
    /// The trust policy.
    pub trust_file: PathBuf,
    /// Keys of the screen.
    pub keys_file: PathBuf,
    /// Logins of registries.
    pub logins_file: PathBuf,
    /// Key files.
    pub keystore_dir: PathBuf,
    /// They are another program's, used in place.
    pub keystore_is_foreign: bool,
    /// The database.
    pub database: PathBuf,
    /// The embedded node's blocks.
    pub devnet_dir: PathBuf,
    /// The log.
    pub log_file: PathBuf,
}

impl Home {
    /// All state in one folder.
    #[must_use]
    pub fn at(folder: &Path) -> Self {
        // Absolute, so that the home stays what it is when the working folder changes.
        let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
        Self::of(&folder, &folder)
    }

    fn of(config: &Path, data: &Path) -> Self {
        Self {
            config_file: config.join("config.toml"),
            theme_file: config.join("theme.toml"),
            trust_file: config.join("trust.toml"),
            keys_file: config.join("keys.toml"),
            logins_file: config.join("registries.json"),
            keystore_dir: data.join("keystore"),
            keystore_is_foreign: false,
            database: data.join("state.db"),
            devnet_dir: data.join("devnet"),
            log_file: data.join("daochain.log"),
        }
    }

    /// The folder that was named, or else the one in the environment, or else XDG's (Base Directory Specification 0.8).
    ///
    /// # Errors
    /// `no-home` where none of them is known.
    pub fn find(named: Option<&Path>, env: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let set = |name| env(name).filter(|value| !value.is_empty());
        if let Some(folder) = named.map(Path::to_owned).or_else(|| set("DAOCHAIN_HOME").map(PathBuf::from)) {
            return Ok(Self::at(&folder));
        }
        let base = |name, default: &str| {
            // XDG: a relative path is invalid and must be ignored.
            let given = set(name).map(PathBuf::from).filter(|path| path.is_absolute());
            let user = || set("HOME").map(PathBuf::from).or_else(std::env::home_dir).filter(|path| path.is_absolute());
            given.or_else(|| Some(user()?.join(default))).ok_or(ConfigError::NoHome)
        };
        let (config, data) = (base("XDG_CONFIG_HOME", ".config")?, base("XDG_DATA_HOME", ".local/share")?);
        Ok(Self::of(&config.join(NAME), &data.join(NAME)))
    }

    /// The same home with another program's keystore.
    pub(super) fn with_keystore(self, folder: &Path) -> Self {
        let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
        Self { keystore_dir: folder, keystore_is_foreign: true, ..self }
    }

    /// Makes the folders that are missing, for this user alone, and looks whether others can reach the keys. A foreign
    /// keystore is not made: its name may be misspelt.
    ///
    /// # Errors
    /// `home-unwritable` when a folder cannot be made; `home-exposed` when others may write into the keystore: they could put
    /// another account's key there. A foreign one may be its group's.
    pub fn prepare(&self) -> Result<Vec<Notice>, ConfigError> {
        let parents = [&self.config_file, &self.trust_file, &self.database, &self.log_file];
        let own = Some(self.keystore_dir.as_path()).filter(|_| !self.keystore_is_foreign);
        for folder in parents.into_iter().filter_map(|file| file.parent()).chain(own) {
            files::create_folder(folder).map_err(ConfigError::Unwritable)?;
        }
        self.keystore_doubts()
    }

    /// Who else can reach the keys.
    ///
    /// # Errors
    /// `home-exposed` as above.
    pub fn keystore_doubts(&self) -> Result<Vec<Notice>, ConfigError> {
        let shown = self.keystore_dir.display();
        let Ok(found) = fs::metadata(&self.keystore_dir) else {
            let sentence = format!("the keystore `{shown}` does not exist or cannot be reached; it is taken as empty");
            return Ok(vec![Notice::new(&sentence)]);
        };
        let mode = found.permissions().mode();
        let others = if self.keystore_is_foreign { 0o002 } else { 0o022 };
        if mode & others != 0 {
            return Err(ConfigError::Exposed { folder: self.keystore_dir.clone() });
        }
        let mut notices = Vec::new();
        if mode & 0o020 != 0 {
            notices.push(format!("the group of the keystore `{shown}` can write to it"));
        }
        if mode & 0o055 != 0 {
            notices.push(format!("other users can look into the keystore `{shown}`; run `chmod 700` on it"));
        }
        // geth's data folder, where its `keystore` was meant.
        if self.keystore_is_foreign && self.keystore_dir.join("keystore").is_dir() {
            notices.push(format!(
                "the keystore `{shown}` has a folder `keystore` in it, which may be the one that was meant"
            ));
        }
        Ok(notices.iter().map(|sentence| Notice::new(sentence)).collect())
    }
}
