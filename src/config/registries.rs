//! What `config.toml` says of registries.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use crate::domain::{Reference, text::clean_to};

/// One registry: how it is reached.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Registry {
    /// Registries with copies, host and port each: asked first, for reading alone.
    pub mirrors: Vec<String>,
    /// Its certificate is not checked, and it may have none.
    pub insecure: bool,
    /// A file of certificates that it may be signed by.
    pub ca: Option<PathBuf>,
}

#[derive(Deserialize)]
pub(super) struct Section {
    #[serde(default)]
    mirrors: Vec<String>,
    #[serde(default)]
    insecure: bool,
    ca: Option<PathBuf>,
}

/// The registries of a file in `folder`, by host and port.
pub(super) fn registries(
    sections: BTreeMap<String, Section>,
    folder: &Path,
) -> Result<BTreeMap<String, Registry>, String> {
    let read = |(host, section): (String, Section)| {
        let mirrors = section.mirrors.iter().map(|mirror| host_of(mirror)).collect::<Result<_, _>>()?;
        let ca = section.ca.filter(|ca| !ca.as_os_str().is_empty()).map(|ca| folder.join(ca));
        Ok((host_of(&host)?, Registry { mirrors, insecure: section.insecure, ca }))
    };
    sections.into_iter().map(read).collect()
}

/// A registry's host and port as references name it.
fn host_of(text: &str) -> Result<String, String> {
    let reference: Option<Reference> = format!("{text}/name/name").parse().ok();
    // Else it was taken for the beginning of a repository's name.
    let found = reference.filter(|it| it.repository() == "name/name").map(|it| it.registry().to_owned());
    found.ok_or_else(|| {
        let shown = clean_to(text, 100);
        format!("the registry `{shown}` is no host name with an optional port, such as `registry.example:5000`")
    })
}
