//! The endpoints of the network, while somebody looks at them.

use super::{Runtime, work::read_node};
use crate::{
    app::{
        effect::Effect,
        msg::{Msg, NodeMsg},
    },
    ops,
};

impl Runtime {
    /// Asks the endpoints of themselves and their newest blocks, or tells one of a peer.
    pub(super) fn ask_nodes(&mut self, effect: Effect) {
        match effect {
            Effect::ReadNode => {
                let read = |status| Msg::Node(NodeMsg::Read(status));
                self.answer("asking the endpoints", read, read_node);
            }
            Effect::ReadBlocks { after } => {
                let read = |blocks| Msg::Node(NodeMsg::Blocks(blocks));
                self.answer("asking for the newest blocks", read, move |context| async move {
                    ops::node::recent_blocks(&context, after).await
                });
            }
            Effect::AddPeer(enode) => {
                let added = |added| Msg::Node(NodeMsg::PeerAdded(added));
                self.answer("telling the node of a peer", added, move |context| async move {
                    ops::node::add_peer(&context, enode.as_str()).await
                });
            }
            _ => {}
        }
    }
}
