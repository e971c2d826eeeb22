//! The palette: every action of the place it was opened in, and behind them those of the other panes, found by some of
//! the letters of what they do.

use nucleo_matcher::{
    Config, Matcher, Utf32Str,
    pattern::{CaseMatching, Normalization, Pattern},
};
use tui_input::Input;

use crate::app::{
    action::{Action, BINDINGS, Binding, Place},
    model::{Model, Pane},
};

/// One action that can be chosen.
#[derive(Debug, Clone, Copy)]
pub struct Item {
    /// Its row of the table.
    pub binding: &'static Binding,
    /// Where its keys work.
    pub place: Place,
    /// The pane that is opened first, where it is another's.
    pub pane: Option<Pane>,
    /// Why it does nothing now.
    pub refusal: Option<&'static str>,
}

/// The dialog.
#[derive(Debug, Clone)]
pub struct Palette {
    /// What is typed.
    pub input: Input,
    /// Where it was opened: what that place's keys do is offered.
    pub place: Place,
    /// What fits, the best first.
    pub items: Vec<Item>,
    /// Position of the chosen one.
    pub cursor: usize,
}

impl Palette {
    /// Everything that can be done where the keys go now.
    #[must_use]
    pub fn open(model: &Model) -> Self {
        let place = model.place();
        Self { input: Input::default(), place, items: found(model, place, ""), cursor: 0 }
    }

    /// Looks again for what is typed.
    pub fn find(&mut self, model: &Model) {
        self.items = found(model, self.place, self.input.value());
        self.cursor = 0;
    }

    /// The chosen one.
    #[must_use]
    pub fn chosen(&self) -> Option<Item> {
        self.items.get(self.cursor).copied()
    }
}

/// Movements are quicker by their keys, and the palette itself is open already.
const fn is_offered(action: Action) -> bool {
    !matches!(action, Action::Move(_) | Action::Palette | Action::Accept | Action::Close)
}

/// What other panes have to offer: each, and what fills its body. There is no way back from where nobody has been.
const OTHERS: [Place; 7] =
    [Place::Images, Place::Detail, Place::Market, Place::Accounts, Place::Trust, Place::Node, Place::Activity];

/// What can be done in `place`: of several rows of one action the one that can be done now.
fn offered(model: &Model, place: Place, pane: Option<Pane>) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    for binding in BINDINGS.iter().filter(|one| one.places.contains(&place) && is_offered(one.action)) {
        let item = Item { binding, place, pane, refusal: (binding.allowed)(model).err() };
        match items.iter_mut().find(|known| known.binding.action == binding.action) {
            Some(known) if known.refusal.is_some() && item.refusal.is_none() => *known = item,
            Some(_) => {}
            None => items.push(item),
        }
    }
    // What is not even worth an answer as a key is none here.
    items.retain(|item| item.refusal != Some(""));
    items
}

/// What can be done here, and then what can be done in other panes and not here.
fn everything(model: &Model, place: Place) -> Vec<Item> {
    let mut items = offered(model, place, None);
    for other in OTHERS.into_iter().filter(|other| *other != place) {
        let is_unwanted = |item: &Item| item.binding.action == Action::Why || item.binding.help.is_empty();
        let found = offered(model, other, Some(other.pane()));
        for item in found.into_iter().filter(|item| !is_unwanted(item)) {
            let is_same = |known: &Item| {
                known.binding.action == item.binding.action
                    && (known.pane.is_some() || known.binding.help == item.binding.help)
            };
            if !items.iter().any(is_same) {
                items.push(item);
            }
        }
    }
    items
}

fn found(model: &Model, place: Place, text: &str) -> Vec<Item> {
    let mut items = everything(model, place);
    if text.trim().is_empty() {
        items.sort_by_key(|item| (item.pane.is_some(), item.refusal.is_some()));
        return items;
    }
    let pattern = Pattern::parse(text, CaseMatching::Ignore, Normalization::Smart);
    let mut matcher = Matcher::new(Config::DEFAULT);
    let mut letters = Vec::new();
    let mut scored: Vec<(u32, Item)> = Vec::new();
    for item in items {
        let words = format!("{} {}", item.binding.action.name(), item.binding.help);
        if let Some(score) = pattern.score(Utf32Str::new(&words, &mut letters), &mut matcher) {
            scored.push((score, item));
        }
    }
    // Letters that are scattered over a sentence are hardly what was meant.
    let best = scored.iter().map(|(score, _)| *score).max().unwrap_or_default();
    scored.sort_by_key(|(score, item)| {
        (*score < best / 4 * 3, item.pane.is_some(), item.refusal.is_some(), std::cmp::Reverse(*score))
    });
    scored.into_iter().map(|(_, item)| item).collect()
}
