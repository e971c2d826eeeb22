//! ```text
//!    ADDRESS                                      KEY       BALANCE ETH  LABEL
//! ▌* 0x7F3c…                            whole     key-file      99.9812  deploy
//!    0x91c2…                                      4:32 left      0.5000
//! ────
//!  address    0x7F3c…
//!  key        /home/op/.local/share/daochain/keystore/UTC--…
//!  may        publish acme/api:2 for 0x91c2…, until 2027-01-31T00:00:00Z
//! ```

use ratatui::text::{Line, Span};

use super::{
    Canvas,
    facts::{Facts, explained},
    header::countdown,
    text,
};
use crate::{
    app::{Model, action::spoken::in_keys, layout::Area, msg::Abilities},
    domain::{Account, Address, account::AccountKind, text::clean},
    tui::theme::Role,
};

const ADDRESS: usize = 42;
const KEY: usize = 9;
const BALANCE: usize = 11;
/// What stands before a label.
const FIXED: usize = 3 + ADDRESS + 2 + KEY + 2 + BALANCE + 2;

/// The accounts of this home, and what in its keystore is none.
pub(super) fn draw(model: &Model, canvas: &mut Canvas, area: Area) {
    let width = usize::from(area.width);
    let mut lines = Vec::new();
    if model.accounts.all().is_empty() {
        lines.extend(empty(model, canvas, width));
    } else {
        let label = if width > FIXED { "  LABEL" } else { "" };
        let head = format!(
            "   {}  {}  {}{label}",
            text::left("ADDRESS", address_width(width)),
            text::left("KEY", KEY),
            text::right("ETH", BALANCE)
        );
        lines.push(Line::from(canvas.span(Role::Title, head)));
        let cursor = model.accounts.cursor();
        let room = usize::from(area.height).saturating_sub(1).max(1);
        let top = cursor.saturating_sub(room - 1);
        canvas.rows(area, lines.len(), top, room.min(model.accounts.all().len() - top));
        for (at, account) in model.accounts.all().iter().enumerate().skip(top).take(room) {
            lines.push(line(model, canvas, account, at == cursor, width));
        }
    }
    let list = model.accounts.list.as_ref();
    let notes = list.into_iter().flat_map(|list| {
        let node = list.node.iter().map(|problem| format!("balances are missing: {}", problem.sentence()));
        let files = list.problems.iter().map(|problem| format!("{}: {}", problem.file.display(), problem.message));
        let removed = match list.removed.len() {
            0 => None,
            1 => Some("one account was removed within the last 30 days; `z` puts it back".to_owned()),
            count => Some(format!("{count} accounts were removed within the last 30 days; `z` puts one back")),
        };
        node.chain(files).chain(removed)
    });
    for note in notes.map(|note| clean(&in_keys(model, &note))) {
        lines.push(Line::default());
        let parts = text::wrap(&note, width.saturating_sub(4));
        lines.extend(parts.into_iter().map(|part| Line::from(canvas.span(Role::Warning, format!("   {part}")))));
    }
    canvas.lines(area, &lines);
}

fn address_width(width: usize) -> usize {
    if width >= FIXED - 2 { ADDRESS } else { 11 }
}

fn line<'t>(model: &Model, canvas: &Canvas, account: &Account, selected: bool, width: usize) -> Line<'t> {
    let whole = address_width(width) == ADDRESS;
    let address = if whole { account.address.to_string() } else { account.address.short() };
    let balance = account.balance.map_or_else(|| "unknown".to_owned(), |balance| balance.ether(4));
    let role = if selected { Role::Selected } else { Role::Plain };
    let (key_role, key) = match model.accounts.open_until(account.address) {
        Some(until) => (Role::Warning, format!("OPEN {}", countdown(until.since(model.now)))),
        None => (Role::Muted, account.kind.word().to_owned()),
    };
    let mut spans = vec![
        if selected { canvas.span(Role::Key, "▌") } else { Span::raw(" ") },
        canvas.span(Role::Good, if account.is_default { "* " } else { "  " }),
        canvas.span(role, text::left(&address, address_width(width))),
        canvas.span(key_role, format!("  {}", text::left(&key, KEY))),
        canvas.span(Role::Plain, format!("  {}", text::right(&balance, BALANCE))),
    ];
    if let Some(label) = account.label.as_ref().filter(|_| width > FIXED) {
        spans.push(canvas.span(Role::Plain, format!("  {}", text::cut(&clean(label), width - FIXED))));
    }
    Line::from(spans)
}

fn empty<'t>(model: &Model, canvas: &Canvas, width: usize) -> Vec<Line<'t>> {
    let (role, text) = match (&model.accounts.problem, &model.accounts.list) {
        (Some(problem), _) => (Role::Danger, problem.sentence()),
        (None, None) => (Role::Muted, "reading the keystore".to_owned()),
        (None, Some(_)) => (
            Role::Plain,
            "This home has no account yet. An account signs what you publish; verifying needs none. `n` makes one, `i` keeps a key that there is, `a` knows one whose key is elsewhere."
                .to_owned(),
        ),
    };
    explained(canvas, role, &in_keys(model, &text), width)
}

/// Everything about the selected account, from the row on that was scrolled to.
pub(super) fn draw_facts(model: &Model, canvas: &mut Canvas, area: Area) {
    let Some(account) = model.accounts.selected().filter(|_| area.height > 0) else { return };
    let mut facts = Facts::within(model, canvas, area);
    facts.of_account(account);
    facts.abilities(account.address);
    let lines = facts.lines;
    canvas.scrolled(area, (model.accounts.top, "PgDn"), &lines);
}

impl Facts<'_, '_> {
    fn of_account(&mut self, account: &Account) {
        self.push("address", Role::Plain, &account.address.to_string());
        if let Some(label) = &account.label {
            self.push("label", Role::Plain, &clean(label));
        }
        let place = match &account.kind {
            AccountKind::KeyFile(file) => clean(&file.display().to_string()),
            AccountKind::Clef(_) => "in clef, which asks its user before it signs".to_owned(),
            AccountKind::Cold => "on another machine, which signs what is carried there".to_owned(),
            AccountKind::Contract => "none: it is a contract, whose owners execute calls".to_owned(),
        };
        self.push("key", Role::Plain, &place);
        match self.model.accounts.open_until(account.address) {
            Some(until) => {
                let words = format!(
                    "UNLOCKED for {}: no passphrase is asked; `u` locks it",
                    countdown(until.since(self.model.now))
                );
                self.push("lock", Role::Warning, &in_keys(self.model, &words));
            }
            None if self.model.watching.as_ref().is_some_and(|one| one.watch.account == account.address) => {
                let words = "OPEN for its watch, which signs without asking; `u` ends it";
                self.push("lock", Role::Warning, &in_keys(self.model, words));
            }
            None if account.kind.file().is_some() => {
                self.push("lock", Role::Plain, "locked: its passphrase is asked each time");
            }
            None => {}
        }
        let balance =
            account.balance.map_or_else(|| "unknown".to_owned(), |balance| format!("{} ETH", balance.ether(18)));
        self.push("balance", Role::Plain, &balance);
        if account.is_default {
            self.push("default", Role::Plain, "it signs when no account is named");
        }
    }

    fn abilities(&mut self, account: Address) {
        let able = &self.model.accounts.able;
        if able.account != Some(account) {
            return;
        }
        match &able.result {
            None => self.push("may", Role::Muted, "looking it up"),
            Some(Err(problem)) => self.push("may", Role::Danger, &in_keys(self.model, &problem.sentence())),
            Some(Ok(abilities)) => self.told(account, abilities),
        }
    }

    fn told(&mut self, account: Address, abilities: &Abilities) {
        if abilities.appointments.is_empty() && abilities.successions.is_empty() {
            return self.push("may", Role::Plain, "speak for itself; nobody else may, and nothing was handed over");
        }
        for one in &abilities.appointments {
            let until = one.until.map_or_else(String::new, |until| format!(", until {until}"));
            let over = if one.is_current { "" } else { " (the contract does not take its word now)" };
            let (label, words) = if one.delegate == account {
                ("may", format!("publish {} for {}{until}{over}", one.scope, one.publisher))
            } else {
                ("delegate", format!("{} may publish {}{until}{over}", one.delegate, one.scope))
            };
            self.push(label, if one.is_current { Role::Plain } else { Role::Muted }, &words);
        }
        for one in &abilities.successions {
            let (label, words) = match (one.publisher == account, one.accepted) {
                (true, true) => ("succeeded", format!("by {} in {}, since {}", one.successor, one.scope, one.at)),
                (true, false) => ("offered", format!("{} to {}, since {}", one.scope, one.successor, one.at)),
                (false, true) => ("took over", format!("{} from {}, since {}", one.scope, one.publisher, one.at)),
                (false, false) => ("may", format!("take over {} from {} (`S`)", one.scope, one.publisher)),
            };
            self.push(label, Role::Plain, &words);
        }
    }
}
