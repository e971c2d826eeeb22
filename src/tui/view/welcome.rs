//! A list without images: what is here, what is missing, and the key that mends it.
//!
//! ```text
//!    no Docker engine at unix:///var/run/docker.sock
//!    start the engine, or name it with --docker-host
//!
//!    ✘ engine    docker: no such file or directory         R  ask again
//!    ✔ network   dev, local to this machine                5  look at it, or change it
//!    ! account   none yet: one signs what you publish      n  make one
//!    ! trust     nobody is trusted yet                     t  trust a publisher
//!    · demo      every verdict, without set-up     D  see it
//! ```

use ratatui::text::{Line, Span};

use super::{Canvas, text};
use crate::{
    app::{
        Model,
        action::{Action, BINDINGS, spoken::in_keys},
        layout::Area,
        model::{Engine, Node},
        mouse::Target,
    },
    domain::text::clean,
    tui::theme::Role,
};

const WHAT: usize = 9;
const DEED: usize = 26;
/// With fewer columns the deeds stand below.
const ROOMY: usize = 72;

/// How something stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    Fine,
    Missing,
    Trouble,
    Offer,
}

struct Step {
    standing: Standing,
    what: &'static str,
    words: String,
    deed: Option<(Action, String)>,
}

/// What is here and what is missing, from the first line of `area` on.
pub(super) fn draw(model: &Model, canvas: &mut Canvas, area: Area) {
    let width = usize::from(area.width);
    let mut lines = Vec::new();
    for step in steps(model) {
        let (sign, role) = match step.standing {
            Standing::Fine => ("✔", Role::Good),
            Standing::Trouble => ("✘", Role::Danger),
            Standing::Missing => ("!", Role::Warning),
            Standing::Offer => ("·", Role::Muted),
        };
        let label = format!("{sign} {}  ", text::left(step.what, WHAT));
        let deed = step.deed.and_then(|(action, words)| Some((key(model, action)?, action, words)));
        let beside = width >= ROOMY && deed.is_some();
        let room = width.saturating_sub(WHAT + 4 + if beside { DEED + 2 } else { 0 });
        let mut spans = vec![
            canvas.span(role, label),
            canvas.span(Role::Plain, text::left(&clean(&in_keys(model, &step.words)), room)),
        ];
        let Some((key, action, words)) = deed else {
            lines.push(Line::from(spans));
            continue;
        };
        let hint = [canvas.span(Role::Key, key), canvas.span(Role::Plain, format!(" {words}"))];
        let at = u16::try_from(lines.len() + usize::from(!beside)).unwrap_or(u16::MAX);
        if beside {
            spans.push(Span::raw("  "));
            spans.extend(hint);
            lines.push(Line::from(spans));
        } else {
            lines.push(Line::from(spans));
            lines.push(std::iter::once(Span::raw(" ".repeat(WHAT + 4))).chain(hint).collect());
        }
        if at < area.height {
            canvas.spot(Area { y: area.y + at, height: 1, ..area }, Target::Do(action));
        }
    }
    canvas.paged(area, (0, "on a taller screen"), &lines);
}

/// The key that does it here.
fn key(model: &Model, action: Action) -> Option<String> {
    let place = model.ground();
    let mut bound = BINDINGS.iter().filter(|one| one.action == action && one.places.contains(&place));
    let binding = bound.find(|one| (one.allowed)(model).is_ok())?;
    model.keymap.first_key(binding, place).map(|key| key.to_string())
}

fn steps(model: &Model) -> Vec<Step> {
    let step = |standing, what, words: String, deed| Step { standing, what, words, deed };
    let engine = match &model.engine {
        Engine::Asking => step(Standing::Missing, "engine", "being asked".to_owned(), None),
        Engine::Here(name) => step(Standing::Fine, "engine", name.clone(), None),
        Engine::Archives => step(Standing::Fine, "engine", "none is wanted: archives are listed".to_owned(), None),
        Engine::Lost { problem, .. } => {
            let refresh = key(model, Action::Refresh).map_or_else(String::new, |key| format!(" ({key}: again)"));
            let again = Some((Action::NameEngine, format!("name another{refresh}")));
            step(Standing::Trouble, "engine", problem.message.clone(), again)
        }
    };
    let look = Some((Action::ShowNode, "look at it, or change it".to_owned()));
    let network = match &model.node {
        Node::Asking => step(Standing::Missing, "network", "being asked".to_owned(), look),
        Node::Here(network) => {
            let place = if network.local { ", local to this machine" } else { "" };
            step(Standing::Fine, "network", format!("{}{place}", network.name), look)
        }
        Node::Lost { problem, .. } => step(Standing::Trouble, "network", problem.message.clone(), look),
    };
    let account = match (model.accounts.default_account(), model.accounts.all().len()) {
        (Some(account), _) => step(Standing::Fine, "account", account.address.to_string(), None),
        (None, 0) => {
            let make = Some((Action::NewAccount, "make one".to_owned()));
            step(Standing::Missing, "account", "none: one signs what you publish".to_owned(), make)
        }
        (None, _) => {
            let choose = Some((Action::ShowAccounts, "choose one".to_owned()));
            step(Standing::Missing, "account", "none of them is the default".to_owned(), choose)
        }
    };
    let trust = match model.trust.count() {
        Some(count) if count > 0 => {
            let plural = if count == 1 { "entry" } else { "entries" };
            step(
                Standing::Fine,
                "trust",
                format!("a policy of {count} {plural}"),
                Some((Action::ShowTrust, "look at it".to_owned())),
            )
        }
        _ => {
            let words = "nobody yet: nothing is verified".to_owned();
            step(Standing::Missing, "trust", words, Some((Action::AddRule, "trust a publisher".to_owned())))
        }
    };
    let words = "every verdict, without set-up".to_owned();
    let demo = model.has_demo.then(|| step(Standing::Offer, "demo", words, Some((Action::Demo, "see it".to_owned()))));
    [engine, network, account, trust].into_iter().chain(demo).collect()
}
