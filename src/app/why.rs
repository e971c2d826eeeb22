//! The page that tells why the selected image's verdict is what it is: the domain's page, broken into lines for a width.

use crate::{
    app::{
        action::{
            Action,
            spoken::{in_keys, keys},
        },
        clock::coarse_age,
        model::{Model, Node},
        msg::Problem,
        rows::Row,
    },
    domain::{
        compare::{Comparison, FileChanges, Pair, Question},
        explain::{Act, Case, Page, Step, Tone, Witness},
        progress::{Progress, Rate},
        text::{size, wrap},
    },
};

/// Columns of a label and the gap behind it: 9 and the 71 of a digest are 80.
pub const LABEL: usize = 9;

/// The released image beside the selected one.
#[derive(Debug, Clone, Default)]
pub struct Why {
    /// What is compared; `None` where nothing is.
    pub question: Option<Question>,
    /// What came of it.
    pub comparison: Option<Result<Comparison, Problem>>,
    /// The layers that differ, with the files that do.
    pub files: Vec<(Pair, FileChanges)>,
    /// Why they could not be listed.
    pub problem: Option<Problem>,
    /// What is being done, and the ticket that its answer brings back.
    pub working: Option<(u64, Work)>,
    /// How far that has come, where bytes are read for it.
    pub progress: Option<Progress>,
    /// How fast.
    pub rate: Rate,
}

impl Why {
    /// What is being done, and how far it has come.
    fn doing(&self) -> Option<String> {
        let (_, work) = self.working?;
        let far = self.progress.filter(|progress| progress.done > 0).map_or_else(String::new, |progress| {
            let total = progress.total.map_or_else(String::new, |total| format!(" of {}", size(total)));
            let speed = self.rate.per_second().map_or_else(String::new, |speed| format!(", {}/s", size(speed)));
            format!(": {}{total}{speed}", size(progress.done))
        });
        let end = if work == Work::Looking { "" } else { "; Esc stops it" };
        Some(format!("{}{far}{end}", work.words()))
    }
}

/// What is done for the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// What is known is looked up.
    Looking,
    /// The released image's layers are got, wherever they are.
    Getting,
    /// The files of layers are listed.
    Listing,
}

impl Work {
    const fn words(self) -> &'static str {
        match self {
            Self::Looking => "looking for the released image's layers",
            Self::Getting => "getting the released image's layers",
            Self::Listing => "listing the files of the layers that differ",
        }
    }
}

/// One line of the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WhyLine {
    /// Nothing.
    Gap,
    /// What the next lines are about.
    Title(String),
    /// Words, behind a label or the place of one.
    Words {
        /// What they are about; empty where they go on.
        label: String,
        /// The words.
        text: String,
        /// What they mean.
        tone: Tone,
    },
    /// Columns.
    Row {
        /// The columns.
        text: String,
        /// What they mean.
        tone: Tone,
    },
    /// Something to do.
    Step {
        /// The keys that do it on the screen; where it goes on, nothing.
        keys: Option<String>,
        /// It is the first line of its step.
        is_first: bool,
        /// What.
        text: String,
    },
    /// What does it where no key does: a command.
    Command(String),
}

/// The page of the selected row.
#[must_use]
pub fn page(model: &Model, row: &Row, width: usize) -> Page {
    let reference = row.key.reference.as_ref();
    let network = model.network();
    let policy = model.trust.policy.as_ref().map(|policy| match network {
        Some(network) => policy.on(&network.name),
        None => policy.clone(),
    });
    let policy = match (&policy, &model.trust.problem) {
        (_, Some(problem)) => Some(Err(problem.sentence())),
        (Some(policy), None) => Some(Ok(policy)),
        (None, None) => None,
    };
    let is_own = model.history.reference.as_ref() == reference;
    let history = model.history.result.as_ref().filter(|_| is_own);
    let (witnesses, must_agree) = witnesses(model);
    Case {
        reference,
        image: Some(&row.image),
        evidence: &row.image.evidence,
        measured_at: row.measured_at,
        verdict: row.verdict.as_deref(),
        last: row.last,
        checked_at: row.verdict.as_ref().map(|_| row.checked_at),
        history: history.map(|read| read.as_deref().map_err(Problem::sentence)),
        policy,
        network,
        unreachable: match &model.node {
            Node::Lost { problem, .. } => Some(problem.sentence()),
            _ => None,
        },
        log_problem: model.log_problem.as_deref(),
        witnesses,
        must_agree,
        comparison: comparison(&model.why),
        files: &model.why.files,
        now: model.now,
        age: coarse_age,
        width,
    }
    .page()
}

/// What is known of the released image, or what is under way.
fn comparison(why: &Why) -> Option<Result<&Comparison, String>> {
    match (&why.comparison, why.working) {
        (Some(Ok(comparison)), _) => Some(Ok(comparison)),
        (Some(Err(problem)), None) => Some(Err(problem.sentence())),
        (_, _) => why.doing().map(Err),
    }
}

fn witnesses(model: &Model) -> (Vec<Witness>, usize) {
    let Some(Ok(status)) = &model.endpoints.status else { return (Vec::new(), 0) };
    let alone = status.endpoints.len() == 1;
    let of = |one: &crate::app::node::EndpointView| Witness::of(&one.status, alone, Problem::sentence);
    (status.endpoints.iter().map(of).collect(), status.must_agree)
}

/// The page's lines, none wider than `width`.
#[must_use]
pub fn lines(model: &Model, width: usize) -> Vec<WhyLine> {
    let Some(row) = model.rows.selected() else { return Vec::new() };
    let page = page(model, row, width);
    let mut lines = Vec::new();
    for section in page.sections {
        if !lines.is_empty() {
            lines.push(WhyLine::Gap);
        }
        lines.extend(wrap(&section.title, width).into_iter().map(WhyLine::Title));
        for line in section.lines {
            if line.is_row {
                lines.push(WhyLine::Row { text: line.text, tone: line.tone });
                continue;
            }
            let room = if line.label.is_empty() { width } else { width.saturating_sub(LABEL) };
            for (at, text) in wrap(&line.text, room.max(8)).into_iter().enumerate() {
                let pad = if line.label.is_empty() { "" } else { " " };
                let label = if at == 0 && !line.label.is_empty() { line.label.clone() } else { pad.to_owned() };
                lines.push(WhyLine::Words { label, text, tone: line.tone });
            }
        }
    }
    let told = match (&model.why.comparison, model.why.working, &model.why.problem) {
        (Some(Ok(_)), Some(_), _) => model.why.doing().map(|words| (words, Tone::Muted)),
        (_, None, Some(problem)) => Some((problem.sentence(), Tone::Bad)),
        _ => None,
    };
    if let Some((words, tone)) = told {
        lines.push(WhyLine::Gap);
        let words = wrap(&words, width).into_iter();
        lines.extend(words.map(|text| WhyLine::Words { label: String::new(), text, tone }));
    }
    if !page.steps.is_empty() {
        lines.push(WhyLine::Gap);
        lines.push(WhyLine::Title("What to do next".to_owned()));
    }
    for step in page.steps {
        let (action, is_all) = action_of(&step).unzip();
        let own = action.and_then(|action| keys(model, action));
        // The key stands behind the words, on their last line.
        let parts = wrap(&in_keys(model, &step.words), width.saturating_sub(2 + KEY).max(8));
        let last = parts.len() - 1;
        for (at, text) in parts.into_iter().enumerate() {
            lines.push(WhyLine::Step { keys: own.clone().filter(|_| at == last), is_first: at == 0, text });
        }
        if let Some(command) = step.command.filter(|_| own.is_none() || is_all != Some(true)) {
            lines.extend(wrap(&command, width.saturating_sub(4).max(8)).into_iter().map(WhyLine::Command));
        }
    }
    lines
}

/// What does it on the screen, and whether that is all that its command does: a pane is only where it can be done, and whom
/// the command is about would have to be typed there.
fn action_of(step: &Step) -> Option<(Action, bool)> {
    Some(match step.act? {
        Act::Measure => (Action::Measure, true),
        Act::Publish => (Action::Publish, true),
        Act::Refresh => (Action::Refresh, true),
        Act::Fetch => (Action::FetchReleased, true),
        Act::Files => (Action::ListFiles, true),
        Act::Pin => (Action::AddRule, true),
        Act::Discover => (Action::Discover, false),
        Act::Trust => (Action::ShowTrust, false),
        Act::Endpoints => (Action::ShowNode, false),
    })
}

/// Columns of a key behind what it does.
const KEY: usize = 8;
