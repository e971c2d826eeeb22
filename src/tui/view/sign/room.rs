//! A screen without room for all that is signed.

use std::ops::Range;

use super::{Canvas, Form, Line, Role, Step, text};

/// Rows of the dialog's frame, and of its keys.
const FRAME: usize = 3;
/// What gives way first: the network has one contract, the title names the image, the cost follows from the price.
const YIELDING: [&str; 5] = ["contract", "image", "gas price", "becomes", "network"];
/// What stays longer than what stands above it.
const COST: &str = "cost";

impl Form<'_> {
    /// The field, the stages and what went wrong are always in sight: a blank row gives way, then some of the first
    /// `facts` lines, which are counted.
    pub(super) fn give_way(&mut self, canvas: &Canvas, facts: usize) {
        let room = usize::from(self.height).saturating_sub(FRAME);
        let blank = (facts..self.lines.len()).find(|at| self.lines[*at].width() == 0);
        if let Some(blank) = blank.filter(|_| self.lines.len() > room) {
            self.lines.remove(blank);
        }
        if self.lines.len() <= room {
            return;
        }
        let mut left = facts;
        for label in YIELDING {
            let block = self.block(label, left);
            let is_told = label == "gas price" && (self.sign.step == Step::Price || block.len() > 1);
            if self.lines.len() < room || is_told {
                continue;
            }
            left -= block.len();
            self.lose(block);
        }
        while self.lines.len() >= room && left > 0 {
            let cost = self.block(COST, left);
            let end = if cost.is_empty() { left } else { cost.start };
            if end == 0 {
                break;
            }
            left -= 1;
            self.lose(end - 1..end);
        }
        let words = format!("and {} lines more, which a taller screen shows", facts - left);
        self.lines.insert(left, Line::from(canvas.span(Role::Warning, text::cut(&words, self.width))));
        self.focus += usize::from(self.focus >= left);
    }

    /// Where among the first `facts` lines stands what has this label; empty where nothing has.
    fn block(&self, label: &str, facts: usize) -> Range<usize> {
        let label_of = |line: &Line| line.spans.first().map(|span| span.content.trim().to_owned()).unwrap_or_default();
        let lines = self.lines.get(..facts).unwrap_or_default();
        let Some(start) = lines.iter().position(|line| label_of(line) == label) else { return 0..0 };
        let below = lines[start + 1..].iter().take_while(|line| label_of(line).is_empty()).count();
        start..start + 1 + below
    }

    fn lose(&mut self, block: Range<usize>) {
        if self.focus >= block.end {
            self.focus -= block.len();
        }
        self.lines.drain(block);
    }
}
