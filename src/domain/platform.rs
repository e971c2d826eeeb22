//! Which machines an image is built for, compared with an engine's own.

/// Operating system and architecture in the spelling that containerd brings them to (`platforms.Normalize`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Platform {
    os: String,
    architecture: String,
    /// A variant, or features of the operating system, that not every machine of this architecture has.
    is_particular: bool,
    /// Words that no platform has, of which engines may make others (Go's `strings.ToLower`, a slash).
    is_odd: bool,
}

/// What an engine makes of an image's platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is the engine's own, whatever its version and the machine's model.
    Own,
    /// It may be.
    Unsure,
    /// It is not.
    Other,
}

impl Platform {
    /// The platform of these words. `has_features` when it asks more of the operating system (`os.features`, `os.version`).
    #[must_use]
    pub fn new(os: &str, architecture: &str, variant: &str, has_features: bool) -> Self {
        let is_plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
        let is_odd = ![os, architecture, variant].into_iter().all(is_plain);
        let lower = |text: &str| text.to_ascii_lowercase();
        let (os, architecture, variant) = (lower(os), lower(architecture), lower(variant));
        let known = match architecture.as_str() {
            "i386" => "386",
            "x86_64" | "x86-64" => "amd64",
            "aarch64" => "arm64",
            "armhf" | "armel" => "arm",
            _ => architecture.as_str(),
        };
        let is_usual = match known {
            // Engines do not say which one their machine has.
            "arm" => false,
            "amd64" => matches!(variant.as_str(), "" | "v1"),
            "arm64" => matches!(variant.as_str(), "" | "8" | "v8"),
            _ => variant.is_empty(),
        };
        Self {
            os: if os == "macos" { "darwin".to_owned() } else { os },
            architecture: known.to_owned(),
            is_particular: has_features || !is_usual,
            is_odd,
        }
    }

    /// True for the platform that attestations have, and no machine.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.os == "unknown" && self.architecture == "unknown" && !self.is_particular
    }

    /// Bytes of its words.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.os.len() + self.architecture.len()
    }

    /// Whether operating system and architecture are the same words.
    #[must_use]
    pub fn is_for_the_same(&self, other: &Self) -> bool {
        (&self.os, &self.architecture) == (&other.os, &other.architecture)
    }

    /// What an engine of the platform `own` makes of it. An empty operating system is any to engines.
    #[must_use]
    pub fn standing(&self, own: &Self) -> Standing {
        if self.is_odd {
            return Standing::Unsure;
        }
        match (self.architecture == own.architecture, self.os == own.os, self.os.is_empty()) {
            (true, true, _) if !self.is_particular => Standing::Own,
            (true, true, _) | (true, _, true) => Standing::Unsure,
            _ => Standing::Other,
        }
    }
}

impl std::fmt::Display for Platform {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}/{}", super::text::clean(&self.os), super::text::clean(&self.architecture))
    }
}

impl From<&str> for Platform {
    /// Reads `os/architecture[/variant]`.
    fn from(text: &str) -> Self {
        let mut parts = text.splitn(3, '/').map(Some).chain([None; 3]).map(Option::unwrap_or_default);
        let mut part = || parts.next().unwrap_or_default();
        let (os, architecture, variant) = (part(), part(), part());
        Self::new(os, architecture, variant, false)
    }
}

/// Whether somebody may have meant a platform: `system/architecture[/variant]`.
///
/// # Errors
/// Why not, as the end of a sentence.
pub fn check_platform(text: &str) -> Result<(), &'static str> {
    let is_word = |word: &str| {
        !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    };
    let parts: Vec<_> = text.split('/').collect();
    if (2..=3).contains(&parts.len()) && parts.into_iter().all(is_word) {
        return Ok(());
    }
    Err("it is not `system/architecture`, such as `linux/arm64`")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(text: &str, own: &str) -> Standing {
        Platform::from(text).standing(&own.into())
    }

    #[test]
    fn platforms_are_compared_in_one_spelling() {
        for own in ["linux/amd64", "linux/x86_64", "Linux/AMD64", "linux/x86-64", "linux/amd64/v1"] {
            assert_eq!(standing(own, "linux/amd64"), Standing::Own, "{own}");
        }
        for own in ["linux/aarch64", "linux/arm64/v8", "linux/arm64/8"] {
            assert_eq!(standing(own, "linux/arm64"), Standing::Own, "{own}");
        }
        for other in ["linux/arm64", "linux/386", "windows/amd64", "linux/amd64be", "linux/", "", "unknown/unknown"] {
            assert_eq!(standing(other, "linux/amd64"), Standing::Other, "{other}");
        }
    }

    #[test]
    fn what_not_every_machine_has_is_unsure() {
        for (unsure, own) in [
            ("linux/amd64/v3", "linux/amd64"),
            ("/amd64", "linux/amd64"),
            ("linux/arm64/v9", "linux/arm64"),
            ("linux/armhf", "linux/arm"),
            ("linux/arm/v7", "linux/arm/v7"),
        ] {
            assert_eq!(standing(unsure, own), Standing::Unsure, "{unsure}");
        }
        assert_eq!(standing("l\u{130}nux/amd64", "linux/amd64"), Standing::Unsure, "Go makes it `linux`");
        assert_eq!(Platform::new("linux", "amd64/x", "", false).standing(&"linux/amd64".into()), Standing::Unsure);
        assert!(Platform::from("unknown/unknown").is_unknown() && !Platform::from("unknown/unknown/v1").is_unknown());
        let particular = Platform::new("linux", "amd64", "", true);
        assert_eq!(particular.standing(&"linux/amd64".into()), Standing::Unsure);
    }
}
