//! Which region stands where, for every size from 1×1 up.
//!
//! ```text
//! header   network │ engine │ account          1 row
//! panes    1 Images 2 Accounts …    counts     1 row, from 6 rows up
//! ──────                                       from 14 rows up
//! body     list, accounts, node     │ detail   detail, or peers, at the right from 120 columns up
//! ──────
//! detail                                       below the list, from 18 rows up; an account's facts
//! ──────
//! status   answer to a key, work, notice       1 row, from 8 rows up; always there, so that nothing else ever moves
//! footer   keys                                from 4 rows up
//! ```

use crate::app::model::{Model, Pane};

/// A rectangle in cells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Area {
    /// Left edge.
    pub x: u16,
    /// Upper edge.
    pub y: u16,
    /// Columns.
    pub width: u16,
    /// Rows.
    pub height: u16,
}

/// Every region; one without rows is not drawn.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Regions {
    /// Network, engine, account.
    pub header: Area,
    /// Panes and counts.
    pub panes: Area,
    /// Lines between regions.
    pub rules: Vec<Area>,
    /// The list, the accounts or the endpoints.
    pub list: Area,
    /// The selected image, the selected account's facts, or the selected endpoint's peers.
    pub detail: Area,
    /// The line between list and a detail at its right.
    pub divider: Area,
    /// Answers to keys, running work, notices.
    pub status: Area,
    /// Keys.
    pub footer: Area,
}

/// From here on the detail stands beside the list.
const BESIDE: u16 = 120;
/// Columns of a list that has its detail beside it: a name, its size, its verdict and its publisher. What 120 columns
/// leave to the detail is a label and half a digest.
const LIST: u16 = 68;
/// Columns of the detail from which on the list has the rest: its whole digests need 80.
const DETAIL: u16 = 92;
/// Columns of an endpoint's facts, where its peers stand beside them.
const FACTS: u16 = 80;
/// Rows of the detail below the list: a reason, two digests with what is known of them, publisher and history.
const BELOW: u16 = 7;

/// Columns and rows below which what must be read before something is signed has no room.
pub const LEAST: (u16, u16) = (60, 15);

/// True where the screen says only what it needs, and no key does anything but end it.
#[must_use]
pub const fn is_too_small(model: &Model) -> bool {
    model.width < LEAST.0 || model.height < LEAST.1
}

/// The regions of a screen.
#[must_use]
pub fn regions(model: &Model) -> Regions {
    let (width, height) = (model.width, model.height);
    let mut top = 0;
    let mut bottom = height;
    let mut regions = Regions::default();
    let row = |y: u16| Area { x: 0, y, width, height: 1 };
    if height >= 2 {
        regions.header = row(0);
        top = 1;
    }
    if height >= 6 {
        regions.panes = row(1);
        top = 2;
    }
    if height >= 4 {
        bottom -= 1;
        regions.footer = row(bottom);
    }
    if height >= 8 {
        bottom -= 1;
        regions.status = row(bottom);
    }
    if height >= 14 {
        regions.rules.push(row(top));
        top += 1;
        bottom -= 1;
        regions.rules.push(row(bottom));
    }
    let mut body = Area { x: 0, y: top, width, height: bottom.saturating_sub(top) };
    match model.pane {
        Pane::Images | Pane::Market | Pane::Activity => place_detail(model, &mut regions, &mut body),
        Pane::Node => place_peers(&mut regions, &mut body),
        Pane::Accounts => place_facts(model, model.accounts.all().len(), &mut regions, &mut body),
        Pane::Trust => place_facts(model, model.trust.entries().len(), &mut regions, &mut body),
    }
    if regions.list == Area::default() && regions.detail != body {
        regions.list = body;
    }
    regions
}

/// Peers stand at the right where an endpoint's facts, a block's hash among them, keep their 80 columns.
fn place_peers(regions: &mut Regions, body: &mut Area) {
    let Area { x, y, width, height } = *body;
    if width >= BESIDE && height >= 4 {
        body.width = FACTS;
        regions.divider = Area { x: FACTS, y, width: 1, height };
        regions.detail = Area { x: x + FACTS + 1, y, width: width - FACTS - 1, height };
    }
}

/// Facts about the selected of `count` rows stand below the list, which needs its 80 columns; at the right where both have room.
fn place_facts(model: &Model, count: usize, regions: &mut Regions, body: &mut Area) {
    let Area { x, y, width, height } = *body;
    if width >= FACTS + 1 + FACTS && height >= 4 {
        body.width = FACTS;
        regions.divider = Area { x: FACTS, y, width: 1, height };
        regions.detail = Area { x: x + FACTS + 1, y, width: width - FACTS - 1, height };
    } else if model.height >= 18 {
        // Every row, the column heads and what is to be known of the whole, as far as half of the body goes.
        let wanted = u16::try_from(count + 3).unwrap_or(u16::MAX);
        body.height = wanted.clamp(5, (height / 2).max(5));
        let below = height.saturating_sub(body.height + 1);
        regions.rules.push(Area { x, y: y + body.height, width, height: 1 });
        regions.detail = Area { x, y: y + body.height + 1, width, height: below };
    }
}

/// True where nothing can be selected, and the page that tells what is missing has every row.
fn is_welcome(model: &Model) -> bool {
    model.pane == Pane::Images && model.rows.all().is_empty()
}

fn place_detail(model: &Model, regions: &mut Regions, body: &mut Area) {
    let Area { x, y, width, height } = *body;
    if model.wide {
        regions.detail = *body;
    } else if width >= BESIDE && height >= 4 {
        let list = LIST.max(width.saturating_sub(DETAIL));
        regions.list = Area { x, y, width: list, height };
        regions.divider = Area { x: list, y, width: 1, height };
        regions.detail = Area { x: list + 1, y, width: width - list - 1, height };
    } else if model.height >= 18 && !is_welcome(model) {
        let below = BELOW.min(height / 2);
        body.height = height - below - 1;
        regions.rules.push(Area { x, y: y + body.height, width, height: 1 });
        regions.detail = Area { x, y: y + body.height + 1, width, height: below };
    }
}

/// Rows of images that the list shows at once, its column heads not counted.
#[must_use]
pub fn list_rows(model: &Model) -> usize {
    let height = regions(model).list.height;
    usize::from(if height >= 4 { height - 1 } else { height })
}
