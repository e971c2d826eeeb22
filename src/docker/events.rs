//! What changes in the engine's images.

use std::{
    collections::HashMap,
    time::{SystemTime, UNIX_EPOCH},
};

use bollard::{models::EventMessage, query_parameters::EventsOptionsBuilder};
use futures_util::{Stream, StreamExt as _, stream};

use super::{Engine, EngineError};
use crate::domain::text::clean_to;

/// Longest name or ID that an event carries on.
const SHOWN: usize = 300;
/// Actions that change no image. Exporting one is an event too: passing that on would have a reader list for ever.
const NO_CHANGE: &[&str] = &["push", "save", "mount", "unmount"];
/// Actions that take an image or a name away.
const REMOVALS: &[&str] = &["delete", "remove", "untag", "prune"];

/// A change in the engine's images: what the image is now, [`Engine::look`] or the list tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EngineEvent {
    /// An image came, or got a name.
    Changed {
        /// Its name or ID, as the engine calls it; made safe to show.
        image: String,
    },
    /// An image or a name went.
    Removed {
        /// Its name or ID, as the engine calls it; made safe to show.
        image: String,
    },
}

impl EngineEvent {
    /// The image's name or ID.
    #[must_use]
    pub fn image(&self) -> &str {
        match self {
            Self::Changed { image } | Self::Removed { image } => image,
        }
    }
}

impl Engine {
    /// Changes from now on. Ends with the first error, and always with one: an engine does not end this by itself.
    ///
    /// A change between this call and the first poll is not lost; the same change may be told twice.
    pub fn events(&self) -> impl Stream<Item = Result<EngineEvent, EngineError>> + Send + use<> {
        let filters = HashMap::from([("type", vec!["image"])]);
        let mut options = EventsOptionsBuilder::default().filters(&filters);
        if let Some(since) = self.replay_from() {
            options = options.since(&since);
        }
        let call = self.call("follow the engine's events");
        let ended = call.clone();
        self.patient()
            .events(Some(options.build()))
            .map(move |item| item.map_err(|error| call.failed(&error)))
            .chain(stream::once(async move { Err(ended.lost("it ended its stream of events")) }))
            .scan(false, |ended, item| {
                let last = std::mem::replace(ended, item.is_err());
                std::future::ready((!last).then_some(item))
            })
            .filter_map(|item| std::future::ready(item.map(|message| change(&message)).transpose()))
    }

    /// The request goes out with the first poll only. A Docker engine that shares this machine's clock is asked for what
    /// happened since now; Podman would read its journal for that.
    fn replay_from(&self) -> Option<String> {
        let info = self.info();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
        (info.name == super::engine::DOCKER && info.endpoint.starts_with("unix:")).then(|| now.as_secs().to_string())
    }
}

fn change(message: &EventMessage) -> Option<EngineEvent> {
    // Docker appends details to some actions after a colon.
    let action = message.action.as_deref().unwrap_or_default();
    let action = action.split(':').next().unwrap_or_default();
    if NO_CHANGE.contains(&action) {
        return None;
    }
    let image = message.actor.as_ref().and_then(|actor| actor.id.as_deref()).unwrap_or_default();
    let image = clean_to(image, SHOWN);
    Some(if REMOVALS.contains(&action) { EngineEvent::Removed { image } } else { EngineEvent::Changed { image } })
}
