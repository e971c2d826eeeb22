//! Which machines an image is built for, as engines compare it.

/// Operating system and architecture, in the spelling that engines bring them to before they compare (containerd,
/// `platforms.Normalize`). The variant is left out: engines do not say which one their machine has, so that all variants of
/// an architecture may be meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Platform {
    os: String,
    architecture: String,
}

impl Platform {
    /// The platform of these two words.
    #[must_use]
    pub fn new(os: &str, architecture: &str) -> Self {
        let (os, architecture) = (os.to_ascii_lowercase(), architecture.to_ascii_lowercase());
        let known = match architecture.as_str() {
            "i386" => "386",
            "x86_64" | "x86-64" => "amd64",
            "aarch64" => "arm64",
            "armhf" | "armel" => "arm",
            _ => architecture.as_str(),
        };
        Self { os: if os == "macos" { "darwin".to_owned() } else { os }, architecture: known.to_owned() }
    }

    /// Bytes of its words, which are no longer than what they were made of.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.os.len() + self.architecture.len()
    }

    /// Whether an engine of the platform `own` may take this for its own. An empty operating system is any to engines.
    #[must_use]
    pub fn may_be(&self, own: &Self) -> bool {
        self.architecture == own.architecture && (self.os.is_empty() || self.os == own.os)
    }
}

impl std::fmt::Display for Platform {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}/{}", super::text::clean(&self.os), super::text::clean(&self.architecture))
    }
}

impl From<&str> for Platform {
    /// Reads `os/architecture`, with or without a variant behind.
    fn from(text: &str) -> Self {
        let mut parts = text.splitn(3, '/');
        Self::new(parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn may_be(text: &str, own: &str) -> bool {
        Platform::from(text).may_be(&own.into())
    }

    #[test]
    fn platforms_are_compared_as_engines_do() {
        for same in ["linux/amd64", "linux/x86_64", "Linux/AMD64", "linux/x86-64", "linux/amd64/v3", "/amd64"] {
            assert!(may_be(same, "linux/amd64"), "{same}");
        }
        for same in ["linux/aarch64", "linux/arm64/v8"] {
            assert!(may_be(same, "linux/arm64"), "{same}");
        }
        assert!(may_be("linux/armhf", "linux/arm/v7"));
        for other in ["linux/arm64", "windows/amd64", "linux/amd64be", "linux/", "", "unknown/unknown"] {
            assert!(!may_be(other, "linux/amd64"), "{other}");
        }
    }
}
