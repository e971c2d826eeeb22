//! What a check-up finds: `daochain doctor` prints it, and the screen's first page shows the same.

/// What was looked at, in the order in which it is told: what others rest on comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Area {
    /// The home's folders, who may write there, and its database.
    Home,
    /// Room on the disk below the home.
    Disk,
    /// `config.toml`.
    Configuration,
    /// `trust.toml`.
    Trust,
    /// Key files.
    Keystore,
    /// The Docker engine.
    Engine,
    /// The current network's endpoints.
    Node,
    /// The contracts on it.
    Contract,
    /// This machine's clock.
    Clock,
    /// What the terminal can show.
    Terminal,
}

impl Area {
    /// The word that documents and screens use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Home => "home",
            Self::Disk => "disk",
            Self::Configuration => "configuration",
            Self::Trust => "trust",
            Self::Keystore => "keystore",
            Self::Engine => "engine",
            Self::Node => "node",
            Self::Contract => "contract",
            Self::Clock => "clock",
            Self::Terminal => "terminal",
        }
    }
}

/// How grave it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Health {
    /// As it should be.
    Fine,
    /// Worth knowing; the program works.
    Note,
    /// Something that the program is for does not work, or is not safe.
    Trouble,
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at.
    pub area: Area,
    /// How grave it is.
    pub health: Health,
    /// One sentence, safe to show.
    pub words: String,
    /// What the user can do about it: a command in backticks where there is one. Safe to show.
    pub step: Option<String>,
}

impl Finding {
    /// All is well.
    #[must_use]
    pub fn fine(area: Area, words: &str) -> Self {
        Self { area, health: Health::Fine, words: super::text::clean(words), step: None }
    }

    /// Worth knowing.
    #[must_use]
    pub fn note(area: Area, words: &str) -> Self {
        Self { health: Health::Note, ..Self::fine(area, words) }
    }

    /// Not as it should be.
    #[must_use]
    pub fn trouble(area: Area, words: &str) -> Self {
        Self { health: Health::Trouble, ..Self::fine(area, words) }
    }

    /// The same with a next step.
    #[must_use]
    pub fn step(mut self, step: &str) -> Self {
        self.step = Some(super::text::clean(step));
        self
    }
}
