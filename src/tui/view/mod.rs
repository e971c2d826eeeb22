//! The views: one file per region. They read the model and change nothing.

mod accounts;
mod activity;
mod checkup;
mod code;
mod detail;
mod dialogs;
mod facts;
mod footer;
mod form;
mod header;
mod help;
mod images;
mod market;
mod node;
mod palette;
mod report;
mod sign;
mod small;
mod spark;
mod status;
mod text;
mod trust;
mod welcome;
mod why;

use ratatui::{
    Frame,
    buffer::Buffer,
    layout::{Position, Rect},
    style::Style,
    text::{Line, Span},
    widgets::Widget as _,
};

use super::theme::{Role, Theme};
use crate::app::{
    Model,
    layout::{self, Area},
    model::{Dialog, Pane},
    mouse::Target,
};

/// With fewer rows none is given to the count of those below.
const COUNTED: usize = 4;

/// What of a frame can be clicked, and how far it is scrolled.
#[derive(Debug, Clone, Default)]
pub struct Spots {
    clicked: Vec<(Rect, Target)>,
    top: Option<u16>,
}

impl Spots {
    /// What stands above this cell.
    #[must_use]
    pub fn at(&self, column: u16, row: u16) -> Option<Target> {
        let is_there = |area: &Rect| area.contains(Position { x: column, y: row });
        self.clicked.iter().rev().find(|(area, _)| is_there(area)).map(|(_, target)| *target)
    }

    /// The first line that is shown of what is scrolled in front, where the model asked for one below: the last ones stay in
    /// sight, and only who draws them knows how many there are.
    #[must_use]
    pub const fn top(&self) -> Option<u16> {
        self.top
    }
}

/// Draws the whole screen, and tells what of it can be clicked.
pub fn draw(model: &Model, theme: Theme, frame: &mut Frame) -> Spots {
    let area = frame.area();
    let mut canvas = Canvas { theme, buffer: frame.buffer_mut(), cursor: None, spots: Spots::default() };
    if layout::is_too_small(model) {
        small::draw(model, &mut canvas);
        theme.finish(canvas.buffer);
        return Spots::default();
    }
    let regions = layout::regions(model);
    for rule in &regions.rules {
        canvas.rule(*rule);
    }
    header::draw(model, &mut canvas, regions.header);
    header::draw_panes(model, &mut canvas, regions.panes);
    match model.pane {
        Pane::Images => {
            images::draw(model, &mut canvas, regions.list);
            if let Some(above) = regions.rules.first() {
                images::draw_chips(model, &mut canvas, *above);
            }
            canvas.divider(regions.divider);
            if model.wide {
                why::draw(model, &mut canvas, regions.detail);
            } else {
                detail::draw(model, &mut canvas, regions.detail);
            }
        }
        Pane::Market => {
            market::draw(model, &mut canvas, regions.list);
            canvas.divider(regions.divider);
            market::draw_detail(model, &mut canvas, regions.detail);
        }
        Pane::Trust => {
            trust::draw(model, &mut canvas, regions.list);
            canvas.divider(regions.divider);
            trust::draw_facts(model, &mut canvas, regions.detail);
        }
        Pane::Accounts => {
            accounts::draw(model, &mut canvas, regions.list);
            canvas.divider(regions.divider);
            accounts::draw_facts(model, &mut canvas, regions.detail);
        }
        Pane::Activity => {
            activity::draw(model, &mut canvas, regions.list);
            canvas.divider(regions.divider);
            activity::draw_facts(model, &mut canvas, regions.detail);
        }
        Pane::Node => {
            node::draw(model, &mut canvas, regions.list, regions.detail);
            canvas.divider(regions.divider);
        }
    }
    status::draw(model, &mut canvas, regions.status);
    footer::draw(model, &mut canvas, regions.footer);
    match &model.dialog {
        Some(Dialog::Sign(sign)) => sign::draw(model, sign, &mut canvas, area),
        Some(Dialog::Form(form)) => form::draw(model, form, &mut canvas, area),
        Some(Dialog::Code(code)) => code::draw(model, code, &mut canvas, area),
        Some(Dialog::AddPeer(add)) => dialogs::draw_add_peer(model, add, &mut canvas, area),
        Some(Dialog::CheckUp(found)) => checkup::draw(model, found, &mut canvas, area),
        Some(Dialog::Report(report)) => report::draw(model, report, &mut canvas, area),
        Some(Dialog::Palette(palette)) => palette::draw(model, palette, &mut canvas, area),
        Some(Dialog::Quit(_)) => dialogs::draw_quit(model, &mut canvas, area),
        Some(Dialog::Help { top }) => help::draw(model, *top, &mut canvas, area),
        None => {}
    }
    theme.finish(canvas.buffer);
    let Canvas { cursor, spots, .. } = canvas;
    if let Some(cursor) = cursor {
        frame.set_cursor_position(cursor);
    }
    spots
}

/// What views draw on: cells, a theme, and where the cursor stands.
struct Canvas<'a> {
    theme: Theme,
    buffer: &'a mut Buffer,
    cursor: Option<(u16, u16)>,
    spots: Spots,
}

impl Canvas<'_> {
    fn style(&self, role: Role) -> Style {
        self.theme.style(role)
    }

    /// A piece of text with a meaning.
    fn span<'t>(&self, role: Role, text: impl Into<std::borrow::Cow<'t, str>>) -> Span<'t> {
        Span::styled(text, self.style(role))
    }

    /// One line at the top of `area`, cut at its right edge.
    fn line(&mut self, area: Area, line: &Line) {
        let area = self.within(area);
        if area.height > 0 {
            self.buffer.set_line(area.x, area.y, line, area.width);
        }
    }

    /// Lines from the top of `area` on.
    fn lines<'t>(&mut self, area: Area, lines: impl IntoIterator<Item = &'t Line<'t>>) {
        for (row, line) in (0..area.height).zip(lines) {
            self.line(Area { y: area.y + row, height: 1, ..area }, line);
        }
    }

    /// Lines with a margin, from row `top` on; the last ones stay in sight. What is below is counted, with the `key` that shows it.
    fn scrolled(&mut self, area: Area, scroll: (u16, &str), lines: &[Line]) {
        let area = Area { x: area.x + 1, width: area.width.saturating_sub(1), ..area };
        self.paged(area, scroll, lines);
    }

    /// The same without a margin.
    fn paged(&mut self, area: Area, (top, key): (u16, &str), lines: &[Line]) {
        let rows = usize::from(area.height);
        let last = lines.len().saturating_sub(rows);
        self.spots.top = u16::try_from(last).ok().filter(|last| *last < top);
        let top = usize::from(top).min(last);
        let left = lines.len() - top;
        if left <= rows || rows < COUNTED {
            return self.lines(area, &lines[top..]);
        }
        self.lines(area, &lines[top..top + rows - 1]);
        let more = Line::from(self.span(Role::Muted, format!("▼ {} more, {key}", left + 1 - rows)));
        self.line(Area { y: area.y + area.height - 1, ..area }, &more);
    }

    /// What a click on `area` means.
    fn spot(&mut self, area: Area, target: Target) {
        let area = self.within(area);
        self.spots.clicked.push((area, target));
    }

    /// What clicks on `count` rows mean: below `above` lines of `area` stands the one at position `first` of what is listed.
    fn rows(&mut self, area: Area, above: usize, first: usize, count: usize) {
        let above = u16::try_from(above).unwrap_or(u16::MAX);
        for (down, position) in (above..area.height).zip(first..first + count) {
            self.spot(Area { y: area.y + down, height: 1, ..area }, Target::Row(position));
        }
    }

    fn rule(&mut self, area: Area) {
        let line = Line::from(self.span(Role::Line, "─".repeat(usize::from(area.width))));
        self.line(area, &line);
    }

    fn divider(&mut self, area: Area) {
        let line = Line::from(self.span(Role::Line, "│"));
        for row in 0..area.height {
            self.line(Area { y: area.y + row, height: 1, ..area }, &line);
        }
    }

    /// Empties what lies below, draws a frame with a title, and gives the inside. A screen that is too small for a
    /// frame is used to its edges.
    fn float(&mut self, screen: Rect, title: &str, width: u16, height: u16) -> Area {
        // What is below is not to be clicked, and not scrolled.
        self.spots = Spots::default();
        let roomy = screen.width >= 44 && screen.height >= 10;
        let (width, height) = (width.min(screen.width), height.min(screen.height));
        let (x, y) = ((screen.width - width) / 2, (screen.height - height) / 2);
        if !roomy {
            ratatui::widgets::Clear.render(screen, self.buffer);
            return Area { x: 0, y: 0, width: screen.width, height: screen.height };
        }
        let outer = Rect { x, y, width, height };
        ratatui::widgets::Clear.render(outer, self.buffer);
        ratatui::widgets::Block::bordered()
            .border_style(self.style(Role::Line))
            .title(Span::styled(format!(" {title} "), self.style(Role::Title)))
            .render(outer, self.buffer);
        Area { x: x + 2, y: y + 1, width: width.saturating_sub(4), height: height.saturating_sub(2) }
    }

    /// What of `area` lies on the screen.
    fn within(&self, area: Area) -> Rect {
        Rect { x: area.x, y: area.y, width: area.width, height: area.height }.intersection(self.buffer.area)
    }
}
