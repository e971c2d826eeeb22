//! ```text
//!  hashing redis:7  22.0 MB of 51.0 MB  160 MB/s  1s left                    1 of 3 tasks
//! ```
//!
//! One line for what changes: the answer to a key, else running work, else what opening the home had to work around.

use ratatui::text::{Line, Span};

use super::{Canvas, text};
use crate::{
    app::{
        Model,
        action::spoken::{commands_in_keys, in_keys},
        layout::Area,
        model::Tone,
        sign::Publication,
        tasks::Running,
    },
    domain::{progress::Progress, publication::Stage},
    tui::theme::Role,
};

/// The line.
pub(super) fn draw(model: &Model, canvas: &mut Canvas, area: Area) {
    let width = usize::from(area.width).saturating_sub(2);
    let line = if let Some(flash) = &model.flash {
        let role = match flash.tone {
            Tone::Good => Role::Good,
            Tone::Plain => Role::Plain,
            Tone::Bad => Role::Danger,
        };
        Line::from(vec![Span::raw(" "), canvas.span(role, text::cut(&in_keys(model, &flash.text), width))])
    } else if model.has_work() {
        work(model, canvas, width)
    } else if let Some(notice) = model.notice() {
        Line::from(vec![
            Span::raw(" "),
            canvas.span(Role::Warning, text::cut(&commands_in_keys(model, &notice), width)),
        ])
    } else {
        return;
    };
    canvas.line(area, &line);
}

fn work<'t>(model: &Model, canvas: &Canvas, width: usize) -> Line<'t> {
    let (mut role, mut words) = (Role::Busy, String::new());
    if let Some(task) = model.tasks.running().first() {
        words = task_words(task, width);
    }
    if let Some(publication) = model.publications.last() {
        let (own_role, own) = publication_words(publication);
        if words.is_empty() || own_role == Role::Danger {
            (role, words) = (own_role, own);
        } else if text::width(&words) + text::width(&own) + 20 < width {
            words = format!("{own}   {words}");
        }
    }
    let (done, all) = model.tasks.tally();
    let tally = match all {
        0 => String::new(),
        1 => "1 task".to_owned(),
        _ => format!("{} of {all} tasks", (done + 1).min(all)),
    };
    let room = width.saturating_sub(text::width(&tally) + 2);
    let words = text::left(&words, room);
    Line::from(vec![Span::raw(" "), canvas.span(role, words), Span::raw("  "), canvas.span(Role::Muted, tally)])
}

fn task_words(task: &Running, width: usize) -> String {
    if task.stopping {
        return format!("stopping {}", task.label);
    }
    let facts = progress_words(task.progress, task.rate.per_second());
    let room = width.saturating_sub(text::width(&facts) + 26).max(12);
    format!("hashing {}  {facts}", text::middle(&task.label, room))
}

fn publication_words(publication: &Publication) -> (Role, String) {
    let (name, what) = (publication.subject(), publication.doing());
    match (&publication.problem, &publication.stage) {
        (Some(problem), _) => (Role::Danger, format!("{what} {name}: {}", problem.sentence())),
        (None, stage) if stage.is_failure() => (Role::Danger, format!("{what} {name}: {}", stage_words(publication))),
        (None, _) => (Role::Busy, format!("{what} {name}: {}", stage_words(publication))),
    }
}

/// Bytes, speed, and what is left of the time, as far as each is known.
pub(super) fn progress_words(progress: Progress, speed: Option<u64>) -> String {
    let done = text::size(progress.done);
    let mut facts = vec![match progress.total {
        Some(total) => format!("{done} of {}", text::size(total)),
        None => done,
    }];
    facts.extend(speed.map(|speed| format!("{}/s", text::size(speed))));
    facts.extend(progress.seconds_left_at(speed).map(|seconds| format!("{} left", time_left(seconds))));
    facts.join("  ")
}

/// Two units below ten minutes, then one: nobody can know more.
fn time_left(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds}s"),
        60..600 => format!("{}m {}s", seconds / 60, seconds % 60),
        600..7200 => format!("{}m", seconds / 60),
        _ => format!("{}h", seconds / 3600),
    }
}

/// How far a publication has come, in the words of a row's verdict column.
pub(super) fn stage_words(publication: &Publication) -> String {
    match &publication.stage {
        Stage::Included { confirmations, of, .. } => format!("included {confirmations} of {of}"),
        Stage::Broadcast { .. } => "sent, not in a block".to_owned(),
        Stage::Reverted { reason, .. } => format!("refused: {reason}"),
        stage => stage.word().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_told_in_seconds_while_they_count() {
        let told = [9, 60, 80, 599, 600, 7199, 7200].map(time_left);
        assert_eq!(told, ["9s", "1m 0s", "1m 20s", "9m 59s", "10m", "119m", "2h"]);
    }
}
