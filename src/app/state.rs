//! How engine and node stand, and work of which one at a time is under way.

use crate::{
    app::msg::Problem,
    domain::{Timestamp, network::NetworkView},
};

/// What is known of the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Engine {
    /// Nothing has answered yet.
    Asking,
    /// It answers.
    Here(String),
    /// There is none, and archives are listed instead.
    Archives,
    /// It answered before, or never did.
    Lost {
        /// Name and version, if it ever answered.
        name: Option<String>,
        /// Since when.
        since: Timestamp,
        /// Why.
        problem: Problem,
    },
}

/// What is known of the node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// Nothing has answered yet.
    Asking,
    /// It answers.
    Here(NetworkView),
    /// It does not answer.
    Lost {
        /// The last view, if there ever was one.
        last: Option<NetworkView>,
        /// Since when.
        since: Timestamp,
        /// Why.
        problem: Problem,
    },
}

/// Work of which one at a time is under way, and which is repeated when its input changed meanwhile.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Once {
    /// Nothing is under way.
    #[default]
    Idle,
    /// Under way.
    Busy,
    /// Under way, and to be repeated.
    Stale,
}

impl Once {
    /// Wants it done: true when it must be started now.
    pub fn want(&mut self) -> bool {
        let start = *self == Self::Idle;
        *self = if start { Self::Busy } else { Self::Stale };
        start
    }

    /// It was done: true when it must be started again.
    pub fn done(&mut self) -> bool {
        let again = *self == Self::Stale;
        *self = if again { Self::Busy } else { Self::Idle };
        again
    }
}
