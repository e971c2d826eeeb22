//! Single images that an engine tells of come to the same list as asking for the whole of it.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod screen;

use std::collections::{BTreeMap, BTreeSet};

use daochain::{
    app::{
        effect::Effect,
        msg::{Msg, SourceMsg},
        rows::{Merged, Rows},
    },
    domain::image::{EvidenceLevel, ImageId, LocalImage, Source},
};
use proptest::prelude::*;
use screen::{Play, digest, image, images, listed, reference};

/// An engine: which image each of its names means.
#[derive(Debug, Clone, Default)]
struct Lab(BTreeMap<String, u8>);

/// What happens to it.
#[derive(Debug, Clone)]
enum Deed {
    Tag(String, u8),
    Untag(String),
    Delete(u8),
}

impl Lab {
    fn image(&self, seed: u8) -> Option<LocalImage> {
        let names: Vec<_> = self.0.iter().filter(|(_, of)| **of == seed).map(|(name, _)| reference(name)).collect();
        let one = LocalImage { references: names, ..image(seed, None, EvidenceLevel::Claimed, 10, 10) };
        (!one.references.is_empty()).then_some(one)
    }

    fn list(&self) -> Vec<LocalImage> {
        let seeds: BTreeSet<u8> = self.0.values().copied().collect();
        seeds.into_iter().filter_map(|seed| self.image(seed)).collect()
    }

    /// Does it, and gives the image that the engine's event is about.
    fn obey(&mut self, deed: &Deed) -> Option<u8> {
        match deed {
            Deed::Tag(name, seed) => {
                self.0.insert(name.clone(), *seed);
                Some(*seed)
            }
            Deed::Untag(name) => self.0.remove(name),
            Deed::Delete(seed) => {
                let before = self.0.len();
                self.0.retain(|_, of| of != seed);
                (self.0.len() < before).then_some(*seed)
            }
        }
    }
}

fn id(seed: u8) -> ImageId {
    ImageId { source: Source::Engine, id: digest(seed).to_string() }
}

fn any_deed() -> impl Strategy<Value = Deed> {
    let name = || (0u8..5).prop_map(|n| format!("acme/web:{n}"));
    prop_oneof![
        4 => (name(), 1u8..6).prop_map(|(name, seed)| Deed::Tag(name, seed)),
        1 => name().prop_map(Deed::Untag),
        1 => (1u8..6).prop_map(Deed::Delete),
    ]
}

fn shown(rows: &Rows) -> Vec<(String, Vec<String>)> {
    let names = |image: &LocalImage| image.references.iter().map(ToString::to_string).collect();
    let mut shown: Vec<_> = rows.all().iter().map(|row| (format!("{:?}", row.key), names(&row.image))).collect();
    shown.sort();
    shown
}

proptest! {
    #[test]
    fn single_images_come_to_what_the_list_is(story in proptest::collection::vec(any_deed(), 0..40)) {
        let (mut lab, mut merged, mut whole) = (Lab::default(), Rows::default(), Rows::default());
        for deed in &story {
            let Some(seed) = lab.obey(deed) else { continue };
            let (here, gone) = match lab.image(seed) {
                Some(image) => (vec![image], Vec::new()),
                None => (Vec::new(), vec![id(seed)]),
            };
            let Merged { lost_a_name, .. } = merged.merge(here, &gone);
            whole.replace(lab.list(), false);
            if lost_a_name {
                merged.replace(lab.list(), false);
            }
            prop_assert_eq!(shown(&merged), shown(&whole), "after {:?}", deed);
        }
    }
}

fn some(images: Vec<LocalImage>, gone: Vec<ImageId>) -> Msg {
    Msg::Source(SourceMsg::Some { images, gone })
}

fn judged(play: &Play) -> Vec<usize> {
    let of = |effect: &Effect| if let Effect::Judge(subjects) = effect { Some(subjects.len()) } else { None };
    play.asked.iter().filter_map(of).collect()
}

fn listings(play: &Play) -> usize {
    play.asked.iter().filter(|effect| matches!(effect, Effect::ListImages { .. })).count()
}

#[test]
fn one_new_image_has_one_verdict_asked_for_and_no_listing() {
    let mut play = Play::ready(80, 24);
    play.asked.clear();
    let new = image(20, Some("acme/new:1"), EvidenceLevel::Claimed, 10, 10);
    let play = play.tell(some(vec![new], Vec::new()));
    assert_eq!((judged(&play), listings(&play)), (vec![1], 0));
    let row = play.model.rows.all().iter().find(|row| row.label() == "acme/new:1").unwrap();
    assert_eq!(row.verdict, None);
    let others = play.model.rows.all().iter().filter(|row| row.key.reference.is_some() && row.key != *row_key(&play));
    assert!(others.clone().count() > 0 && others.clone().all(|row| row.verdict.is_some()), "the others keep theirs");
}

fn row_key(play: &Play) -> &daochain::app::rows::RowKey {
    &play.model.rows.all().iter().find(|row| row.label() == "acme/new:1").unwrap().key
}

#[test]
fn what_comes_while_verdicts_are_under_way_is_judged_after_them_and_alone() {
    let mut play = Play::ready(80, 24);
    play.asked.clear();
    let new = |seed| some(vec![image(seed, Some("acme/new:1"), EvidenceLevel::Claimed, 10, 10)], Vec::new());
    let play = play.tell(new(20)).tell(new(21)).tell(new(22));
    assert_eq!(judged(&play), [1]);
    let play = play.judged();
    assert_eq!(judged(&play), [1, 1], "of the two that had the name meanwhile only the one that has it");
    let play = play.judged();
    assert_eq!(judged(&play), [1, 1]);
}

#[test]
fn a_list_that_was_under_way_is_asked_for_again() {
    let mut play = Play::ready(80, 24).tell(Msg::Source(SourceMsg::Changed));
    play.asked.clear();
    let new = || image(20, Some("acme/new:1"), EvidenceLevel::Claimed, 10, 10);
    let play = play.tell(some(vec![new()], Vec::new()));
    assert_eq!(listings(&play), 0);
    let play = play.tell(listed(images()));
    assert_eq!(listings(&play), 1, "it may not have the image");
}

#[test]
fn an_image_that_went_takes_its_rows_along() {
    let mut play = Play::ready(80, 24).select("acme/db:16");
    play.asked.clear();
    let before = play.model.rows.all().len();
    let play = play.tell(some(Vec::new(), vec![id(1)]));
    assert_eq!(play.model.rows.all().len(), before - 1);
    assert_eq!(play.model.rows.selected().unwrap().label(), "acme/db:16");
    assert_eq!(listings(&play), 1, "what was below it may be listed now");
}

#[test]
fn a_name_that_moved_begins_without_a_verdict_and_keeps_the_selection() {
    let mut play = Play::ready(80, 24).select("acme/db:16");
    play.asked.clear();
    let play = play.tell(some(vec![image(33, Some("acme/db:16"), EvidenceLevel::Claimed, 5, 5)], Vec::new()));
    let selected = play.model.rows.selected().unwrap();
    assert_eq!((selected.label().as_str(), selected.key.image == id(33)), ("acme/db:16", true));
    assert_eq!(selected.verdict, None);
    assert_eq!(listings(&play), 1, "the image that lost it may be listed without a name");
}
