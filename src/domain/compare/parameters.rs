//! How containers of two images are run, where they differ.

use serde::{Deserialize, Serialize};

/// One thing that an image's configuration says of how its containers are run (OCI image-spec, `config.md`, *config*).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameter {
    /// `Entrypoint`, `Env PATH`, `Labels maintainer`; safe to show.
    pub name: String,
    /// What it says, safe to show. A long one is cut, and ends with the digest of the whole.
    pub value: String,
}

/// A parameter that is not the same on both sides. Never neither.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ParameterChange {
    /// Its name.
    pub name: String,
    /// What the image here says; `None` where it says nothing.
    pub here: Option<String>,
    /// What the released image says.
    pub released: Option<String>,
}

/// What differs, in the order of names.
pub(super) fn changes(here: &[Parameter], released: &[Parameter]) -> Vec<ParameterChange> {
    // A variable may stand twice, and the last one holds: each in its order.
    let value = |of: &[Parameter], name: &str| {
        let all: Vec<&str> = of.iter().filter(|one| one.name == name).map(|one| one.value.as_str()).collect();
        (!all.is_empty()).then(|| all.join(", then "))
    };
    let mut names: Vec<_> = here.iter().chain(released).map(|one| &one.name).collect();
    names.sort_unstable();
    names.dedup();
    let change = |name: &String| {
        let change = ParameterChange { name: name.clone(), here: value(here, name), released: value(released, name) };
        (change.here != change.released).then_some(change)
    };
    names.into_iter().filter_map(change).collect()
}
