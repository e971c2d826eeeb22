//! The palette: every action of the place it was opened in, found by some of the letters of what it does.

use nucleo_matcher::{
    Config, Matcher, Utf32Str,
    pattern::{CaseMatching, Normalization, Pattern},
};
use tui_input::Input;

use crate::app::{
    action::{Action, BINDINGS, Binding, Place},
    model::Model,
};

/// One action that can be chosen.
#[derive(Debug, Clone, Copy)]
pub struct Item {
    /// Its row of the table.
    pub binding: &'static Binding,
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

fn found(model: &Model, place: Place, text: &str) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    for binding in BINDINGS.iter().filter(|one| one.places.contains(&place) && is_offered(one.action)) {
        let refusal = (binding.allowed)(model).err();
        match items.iter_mut().find(|item| item.binding.action == binding.action) {
            // Of several rows of one action the one counts that can be done.
            Some(item) if item.refusal.is_some() && refusal.is_none() => *item = Item { binding, refusal },
            Some(_) => {}
            None => items.push(Item { binding, refusal }),
        }
    }
    // What is not even worth an answer as a key is none here.
    items.retain(|item| item.refusal != Some(""));
    if text.trim().is_empty() {
        items.sort_by_key(|item| item.refusal.is_some());
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
    scored.sort_by_key(|(score, item)| (item.refusal.is_some(), std::cmp::Reverse(*score)));
    scored.into_iter().map(|(_, item)| item).collect()
}
