//! ```text
//!    IMAGE                              SIZE   AGE  VERDICT ▼              PUBLISHER
//! ▌✘ acme/api:latest                  310 MB    2h  MISMATCH               acme
//!  … redis:7                         51.0 MB    5d  ▓▓▓▓▓░░░░░░░  43 %
//! ```

use ratatui::text::{Line, Span};

use super::{Canvas, text};
use crate::{
    app::{
        Model,
        action::spoken::in_keys,
        clock::image_age,
        layout::Area,
        model::{Engine, Tone},
        rows::{Row, Sort},
    },
    domain::{Timestamp, image::Source, verdict::Conclusion},
    tui::theme::{Role, Theme},
};

/// Which columns fit: whole ones or none.
#[derive(Debug, Clone, Copy)]
struct Columns {
    image: usize,
    size: bool,
    age: bool,
    verdict: usize,
    publisher: usize,
}

const SIZE: usize = 7;
const AGE: usize = 5;
/// Columns that a name keeps before another column is shown: its repository and its tag.
const IMAGE: usize = 18;
/// Rows of what is missing, and of the hint above it.
const FEW: usize = 11;

impl Columns {
    /// The name and the verdict, and of the others those that the detail does not lead with: size, publisher, age.
    fn fitting(width: usize, glyph: usize) -> Self {
        let verdict = match width {
            ..34 => 0,
            34..44 => 10,
            44..76 => 20,
            _ => 22,
        };
        let publisher = match width {
            ..76 => 11,
            76..110 => 13,
            _ => 24,
        };
        let gap = if verdict > 0 { 2 } else { 0 };
        let mut image = width.saturating_sub(2 + glyph + gap + verdict + 1);
        let mut has = |columns: usize| {
            let fits = image >= IMAGE + columns + 2;
            image -= if fits { columns + 2 } else { 0 };
            fits
        };
        let (size, named, age) = (has(SIZE), has(publisher), has(AGE));
        Self { image, size, age, verdict, publisher: if named { publisher } else { 0 } }
    }
}

/// The list, or why there is none.
pub(super) fn draw(model: &Model, canvas: &mut Canvas, area: Area) {
    if area.height == 0 {
        return;
    }
    if model.rows.shown() == 0 {
        return draw_empty(model, canvas, area);
    }
    let columns = Columns::fitting(usize::from(area.width), usize::from(canvas.theme.glyph_width()));
    let mut body = area;
    if area.height >= 4 {
        let head = head(model, canvas, columns);
        canvas.line(area, &head);
        body = Area { y: area.y + 1, height: area.height - 1, ..area };
    }
    canvas.rows(body, 0, model.rows.top(), model.rows.shown().saturating_sub(model.rows.top()));
    let selected = model.rows.selected().map(|row| &row.key);
    for (at, row) in (0..body.height).zip(model.rows.visible()) {
        let line = row_line(model, canvas, columns, row, selected == Some(&row.key));
        canvas.line(Area { y: body.y + at, height: 1, ..body }, &line);
    }
}

fn head<'t>(model: &Model, canvas: &Canvas, columns: Columns) -> Line<'t> {
    let sort = model.rows.sort();
    let arrow = if model.rows.is_reversed() { '▲' } else { '▼' };
    let name = |title: &str, own: Sort| if sort == own { format!("{title} {arrow}") } else { title.to_owned() };
    let mut line = " ".repeat(2 + usize::from(canvas.theme.glyph_width()));
    line += &text::left(&name("IMAGE", Sort::Name), columns.image);
    if columns.size {
        line += "  ";
        line += &text::right(&name("SIZE", Sort::Size), SIZE);
    }
    if columns.age {
        line += "  ";
        line += &text::right(&name("AGE", Sort::Age), AGE);
    }
    if columns.verdict > 0 {
        line += "  ";
        line += &text::left(&name("VERDICT", Sort::Verdict), columns.verdict);
    }
    if columns.publisher > 0 {
        line += "  ";
        line += &text::left(&name("PUBLISHER", Sort::Publisher), columns.publisher);
    }
    Line::from(canvas.span(Role::Muted, line))
}

fn row_line<'t>(model: &Model, canvas: &Canvas, columns: Columns, row: &Row, selected: bool) -> Line<'t> {
    let theme = canvas.theme;
    let stale = matches!(model.engine, Engine::Lost { .. }) && row.key.image.source == Source::Engine;
    let unnamed = row.key.reference.is_none();
    let (glyph, role) = glyph(theme, row);
    let marker = if selected { canvas.span(Role::Key, "▌") } else { Span::raw(" ") };
    let name_role = match (selected, stale, unnamed) {
        (true, ..) => Role::Selected,
        (_, true, _) => Role::Stale,
        (_, _, true) => Role::Muted,
        _ => Role::Plain,
    };
    let mut spans = vec![
        marker,
        canvas.span(role, text::left(glyph, usize::from(theme.glyph_width()))),
        if model.rows.is_marked(&row.key) { canvas.span(Role::Key, "*") } else { Span::raw(" ") },
        canvas.span(name_role, text::left(&text::middle(&row.label(), columns.image), columns.image)),
    ];
    let rest = if stale { Role::Stale } else { Role::Muted };
    if columns.size {
        let size = if row.image.size > 0 { text::size(row.image.size) } else { "–".to_owned() };
        spans.push(canvas.span(rest, format!("  {}", text::right(&size, SIZE))));
    }
    if columns.age {
        let age = row.image.created.map_or_else(|| "–".to_owned(), |created| image_age(model.now.since(created)));
        spans.push(canvas.span(rest, format!("  {}", text::right(&age, AGE))));
    }
    if columns.verdict > 0 {
        let (role, words) = verdict(model, row, columns.verdict);
        spans.push(canvas.span(role, format!("  {}", text::left(&words, columns.verdict))));
    }
    if columns.publisher > 0 {
        spans.push(canvas.span(rest, format!("  {}", text::left(&publisher(row), columns.publisher))));
    }
    Line::from(spans)
}

/// The row's sign. A row without a verdict has none: it must not look like one.
fn glyph(theme: Theme, row: &Row) -> (&'static str, Role) {
    match &row.verdict {
        Some(verdict) => {
            let measured = verdict.evidence.is_measured();
            (theme.glyph(verdict.conclusion, measured), Theme::role(verdict.conclusion, measured))
        }
        None if row.key.reference.is_some() || row.unreadable().is_some() => {
            (theme.glyph(Conclusion::Undecided, false), Role::Stale)
        }
        None => (" ", Role::Muted),
    }
}

/// What is going on with the row, or its verdict.
fn verdict(model: &Model, row: &Row, columns: usize) -> (Role, String) {
    if let Some(reference) = &row.key.reference
        && let Some(publication) = model.publication_of(reference)
        && publication.image.as_ref().is_none_or(|image| *image == row.key.image)
    {
        return (Role::Busy, super::status::stage_words(publication));
    }
    if let Some(task) = model.tasks.running_of(&row.key.image) {
        return (Role::Busy, gauge(task.progress.fraction(), columns));
    }
    if model.tasks.of(&row.key.image).is_some() {
        return (Role::Busy, "to be measured".to_owned());
    }
    let Some(verdict) = &row.verdict else {
        let (role, words) = match (&row.key.reference, row.unreadable()) {
            (_, Some(_)) => (Role::Warning, "undecided"),
            (Some(_), None) => (Role::Muted, "checking"),
            (None, None) if row.is_unread() => (Role::Muted, "not read yet"),
            (None, None) => (Role::Muted, "no name"),
        };
        return (role, words.to_owned());
    };
    let measured = verdict.evidence.is_measured();
    let version = verdict.version.map_or_else(String::new, |version| format!(" v{version}"));
    let verified = verdict.observed_words().unwrap_or_else(|| format!("verified{version}"));
    let words = match verdict.conclusion {
        Conclusion::Verified if measured => verified,
        Conclusion::Verified => format!("{verified} {}", verdict.evidence.word()),
        Conclusion::Outdated => match verdict.current_version {
            Some(current) => format!("outdated{version} < v{current}"),
            None => "outdated".to_owned(),
        },
        Conclusion::Undecided => match row.last {
            Some((last, at)) => was(last, at, model.now),
            None => "undecided".to_owned(),
        },
        other => other.shown().to_owned(),
    };
    (Theme::role(verdict.conclusion, measured), words)
}

/// What was concluded before, and how long ago.
pub(super) fn was(last: Conclusion, at: Timestamp, now: Timestamp) -> String {
    format!("was {} {}", last.shown(), crate::app::clock::coarse_age(now.since(at)))
}

/// A bar and its percentage in `columns` columns.
pub(super) fn gauge(fraction: Option<f64>, columns: usize) -> String {
    let Some(fraction) = fraction else { return "measuring".to_owned() };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share between 0 and 1")]
    let percent = (fraction * 100.0) as usize;
    let bar = columns.saturating_sub(6).min(14);
    let full = bar * percent / 100;
    format!("{}{} {percent:>3}%", "▓".repeat(full), "░".repeat(bar - full))
}

fn publisher(row: &Row) -> String {
    row.verdict.as_deref().map_or_else(String::new, crate::domain::verdict::Verdict::publisher_words)
}

/// What is looked for and what is marked, on the line above the list: its terms as they are understood, and how many rows.
pub(super) fn draw_chips(model: &Model, canvas: &mut Canvas, rule: Area) {
    let marked = model.rows.marked().count();
    let terms = model.rows.wanted().terms();
    if terms.is_empty() && marked == 0 {
        return;
    }
    let mut spans = Vec::new();
    for term in terms {
        let (role, words) = match term.problem() {
            None => (Role::Key, format!("[{}]", crate::domain::text::clean(&term.text))),
            Some(problem) => (Role::Warning, format!("[{}: {problem}]", crate::domain::text::clean(&term.text))),
        };
        spans.extend([Span::raw(" "), canvas.span(role, words)]);
    }
    if !terms.is_empty() {
        spans.push(canvas.span(Role::Plain, format!(" {} of {} ", model.rows.shown(), model.rows.all().len())));
    }
    if marked > 0 {
        spans.push(canvas.span(Role::Key, format!(" {marked} marked ")));
    }
    canvas.line(Area { x: rule.x + 2, width: rule.width.saturating_sub(3), ..rule }, &Line::from(spans));
}

/// Why the list is empty, and what changes that.
fn draw_empty(model: &Model, canvas: &mut Canvas, area: Area) {
    let filtered = !model.rows.all().is_empty();
    let (tone, text, hint) = match &model.engine {
        _ if filtered => {
            let needle = model.filter.input.value();
            (Tone::Plain, format!("no image matches `{needle}`"), "Esc shows all images again".to_owned())
        }
        Engine::Lost { problem, .. } => {
            let next = problem.hint.as_deref().unwrap_or("start the engine, or name it with --docker-host");
            let hint = format!("{}; --archives DIR lists image archives without any engine", in_keys(model, next));
            (Tone::Bad, in_keys(model, &problem.message), hint)
        }
        _ if !model.listed => (Tone::Plain, "asking the engine for its images".to_owned(), String::new()),
        Engine::Archives => (
            Tone::Plain,
            "the archive folders hold no image".to_owned(),
            "put a `docker save` file there; it appears here by itself".to_owned(),
        ),
        Engine::Here(name) => (
            Tone::Plain,
            format!("{name} has no images"),
            "`docker pull` and `docker build` add some; they appear here by themselves".to_owned(),
        ),
        Engine::Asking => (Tone::Plain, "no images".to_owned(), String::new()),
    };
    let role = if tone == Tone::Bad { Role::Danger } else { Role::Plain };
    let width = usize::from(area.width).saturating_sub(6);
    let top = u16::from(area.height >= 5);
    let inner = Area { x: area.x + 3, y: area.y + top, width: area.width.saturating_sub(6), height: area.height - top };
    let mut lines: Vec<Line> =
        text::wrap(&text, width).into_iter().map(|line| Line::from(canvas.span(role, line))).collect();
    let is_welcome = !filtered && model.listed;
    // The page below tells the same with a key; without room for both it is what stays.
    let has_room = !is_welcome || usize::from(inner.height) >= lines.len() + FEW;
    if !hint.is_empty() && has_room {
        lines.push(Line::default());
        lines.extend(text::wrap(&hint, width).into_iter().map(|line| Line::from(canvas.span(Role::Muted, line))));
    }
    canvas.lines(inner, &lines);
    let used = u16::try_from(lines.len() + 1).unwrap_or(u16::MAX);
    if is_welcome && inner.height > used {
        let below = Area { y: inner.y + used, height: inner.height - used, ..inner };
        super::welcome::draw(model, canvas, below);
    }
}
