//! The node pane, and the dialog that adds a peer.

use std::time::Duration;

use tui_input::Input;

use crate::{
    app::msg::Problem,
    domain::{
        Timestamp,
        node::{EndpointStatus, Peer, RECENT, RecentBlock},
    },
};

/// How long what is shown of the endpoints counts as new, while nothing tells of a block.
pub const FRESH: Duration = Duration::from_secs(5);
/// Rows that an endpoint's facts take at most; its peers come below.
const FACTS: usize = 32;

/// The current network's endpoints, each with its peers.
pub type NodeStatus = crate::domain::node::NodeStatus<EndpointView>;

/// One endpoint.
#[derive(Debug, Clone, PartialEq)]
pub struct EndpointView {
    /// What it says of itself.
    pub status: EndpointStatus<Problem>,
    /// Whom it is connected to, or why it does not tell.
    pub peers: Result<Vec<Peer>, Problem>,
}

/// What is known of the endpoints. Nobody is asked while the pane is not shown.
#[derive(Debug, Clone, Default)]
pub struct NodePane {
    /// The newest answer; `None` before the first.
    pub status: Option<Result<NodeStatus, Problem>>,
    /// The endpoints are being asked.
    pub asking: bool,
    /// Something changed since they were asked.
    pub stale: bool,
    /// When they were asked last.
    pub asked: Option<Timestamp>,
    /// The newest blocks, oldest first.
    pub blocks: Vec<RecentBlock>,
    /// They are being asked for.
    pub asking_blocks: bool,
    /// First row shown of the selected endpoint's facts and peers.
    pub top: u16,
    selected: Option<String>,
}

impl NodePane {
    /// The endpoints, as far as they are known.
    #[must_use]
    pub fn endpoints(&self) -> &[EndpointView] {
        match &self.status {
            Some(Ok(status)) => &status.endpoints,
            _ => &[],
        }
    }

    /// Position of the selected endpoint.
    #[must_use]
    pub fn cursor(&self) -> usize {
        let is_selected = |one: &EndpointView| Some(&one.status.url) == self.selected.as_ref();
        self.endpoints().iter().position(is_selected).unwrap_or_default()
    }

    /// The selected endpoint.
    #[must_use]
    pub fn selected(&self) -> Option<&EndpointView> {
        self.endpoints().get(self.cursor())
    }

    /// Selects the endpoint at `position`, or the last.
    pub fn select(&mut self, position: usize) {
        let last = self.endpoints().len().saturating_sub(1);
        let url = self.endpoints().get(position.min(last)).map(|one| one.status.url.clone());
        if url != self.selected {
            self.selected = url;
            self.top = 0;
        }
    }

    /// The newest block that is known.
    #[must_use]
    pub fn newest(&self) -> Option<u64> {
        self.blocks.last().map(|block| block.number)
    }

    /// Takes newer blocks over. A chain that went another way has other blocks of the same numbers.
    pub fn take(&mut self, newer: Vec<RecentBlock>) {
        if let Some(first) = newer.first().map(|block| block.number) {
            self.blocks.retain(|block| block.number < first);
            if self.newest().is_some_and(|last| last + 1 != first) {
                self.blocks.clear();
            }
        }
        self.blocks.extend(newer);
        let recent = usize::try_from(RECENT).unwrap_or(usize::MAX);
        self.blocks.drain(..self.blocks.len().saturating_sub(recent));
    }

    /// Rows that the selected endpoint's facts and peers may take.
    #[must_use]
    pub fn rows(&self) -> usize {
        FACTS + self.selected().and_then(|one| one.peers.as_ref().ok()).map_or(0, Vec::len)
    }

    /// Seconds until the endpoints are to be asked again.
    #[must_use]
    pub fn due_in(&self, now: Timestamp) -> Option<u64> {
        let asked = self.asked.filter(|_| !self.asking)?;
        Some(FRESH.as_secs().saturating_sub(now.since(asked)).max(1))
    }
}

/// The dialog that has a node connect to another one.
#[derive(Debug, Clone, Default)]
pub struct AddPeer {
    /// The enode URL as typed so far.
    pub input: Input,
    /// The node is being told.
    pub working: bool,
    /// Why it was not taken.
    pub problem: Option<String>,
}
