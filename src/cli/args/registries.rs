//! `daochain remote`, `pull`, `push`, `login` and `logout`: what goes on at registries.

use super::{Elsewhere, Layout, Sending};
use crate::domain::{Reference, platform::check_platform};

/// Longest host name with its port (RFC 1035: 255; RFC 6335).
const HOST_BYTES: usize = 261;

#[derive(Debug, clap::Args)]
pub struct Remote {
    /// A repository (all its tags), one image name with its tag, or a namespace: `registry/namespace/*`
    #[arg(value_name = "REFERENCE|NAMESPACE")]
    pub name: String,
    /// Only tags like this: `*` is any text, `?` any character
    #[arg(long, value_name = "PATTERN")]
    pub tags: Option<String>,
    /// At most so many tags, or repositories
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u16).range(1..=5000))]
    pub limit: u16,
    #[command(flatten)]
    pub layout: Layout,
}

#[derive(Debug, clap::Args)]
pub struct Pull {
    /// Image name
    pub reference: Reference,
    /// Pull though the trust policy refuses it; the name must be typed again, as it is given
    #[arg(long, value_name = "REFERENCE")]
    pub override_policy: Option<String>,
    /// The image of this platform, `linux/arm64` for example, instead of the engine's own
    #[arg(long, value_name = "PLATFORM", value_parser = platform)]
    pub platform: Option<String>,
}

#[derive(Debug, clap::Args)]
pub struct Push {
    /// Image name
    pub reference: Reference,
    /// Publish the digests that the registry serves, once they are those of the image here
    #[arg(long)]
    pub publish: bool,
    /// JSON to keep with the release, at most 4096 bytes
    #[arg(long, value_name = "JSON", default_value = "", hide_default_value = true, value_parser = super::publish::annotations, requires = "publish")]
    pub annotations: String,
    /// Make a new version though these digests are current already
    #[arg(long, requires = "publish")]
    pub again: bool,
    #[command(flatten)]
    pub sending: Sending,
    #[command(flatten)]
    pub elsewhere: Elsewhere,
}

#[derive(Debug, clap::Args)]
pub struct Login {
    /// Host, and port where it has one: `docker.io`, `registry.example:5000`
    #[arg(value_parser = registry)]
    pub registry: String,
    /// User's name; `<token>` with an identity token as password
    #[arg(short, long, value_name = "NAME", value_parser = user)]
    pub username: String,
    /// Read the password from standard input, its first line
    #[arg(long)]
    pub password_stdin: bool,
}

#[derive(Debug, clap::Args)]
pub struct Logout {
    /// Host, and port where it has one
    #[arg(value_parser = registry)]
    pub registry: String,
}

/// A registry's host and port, as references name it.
fn registry(text: &str) -> Result<String, String> {
    let fault = || "it is no host name with an optional port, such as `registry.example:5000`".to_owned();
    if text.len() > HOST_BYTES {
        return Err(fault());
    }
    let reference: Reference = format!("{text}/name/name").parse().map_err(|_| fault())?;
    // Else it was taken for the beginning of a repository's name.
    if reference.repository() == "name/name" { Ok(reference.registry().to_owned()) } else { Err(fault()) }
}

/// A colon would end the name where name and password are one text (RFC 7617).
fn user(text: &str) -> Result<String, String> {
    let is_plain = !text.is_empty() && !text.contains(':') && !text.chars().any(char::is_control);
    if is_plain { Ok(text.to_owned()) } else { Err("it is empty, or has a colon or a control character".to_owned()) }
}

fn platform(text: &str) -> Result<String, String> {
    check_platform(text).map(|()| text.to_owned()).map_err(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registries_users_and_platforms_are_plain() {
        for (given, read) in
            [("index.docker.io", "docker.io"), ("localhost", "localhost"), ("r.example:5000", "r.example:5000")]
        {
            assert_eq!(registry(given).as_deref(), Ok(read));
        }
        for bad in ["", "acme", "https://r.example", "r.example/acme", "../x", "a b", "r.example:port"] {
            assert!(registry(bad).is_err(), "{bad}");
        }
        assert!(user("me").is_ok() && user("<token>").is_ok() && user("a:b").is_err() && user("").is_err());
        for good in ["linux/amd64", "linux/arm/v7"] {
            assert!(platform(good).is_ok());
        }
        for bad in ["linux", "linux/", "linux/a/b/c", "linux/a&b"] {
            assert!(platform(bad).is_err(), "{bad}");
        }
    }
}
