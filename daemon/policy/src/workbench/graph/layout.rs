//! Places for the boxes: a tree from left to right, in which each lane has a strip of its own.
//!
//! All numbers are pixels. Nothing overlaps by construction: what stands beside something stands behind a gap, and
//! what stands below something begins where that ends. Texts are measured with the widths of a wide typeface, so that
//! they fit whichever one the reader has.

use super::Picture;
use super::chart::any_of;
use super::escape::shown;
use super::picture::{Ending, Leads, Step};
use super::told::{Terminal, TerminalKind};

/// Around the picture.
pub(super) const MARGIN: u32 = 24;
/// From one line of text to the next.
pub(super) const LINE: u32 = 17;
/// Between the edge of a box and its text.
pub(super) const PAD: u32 = 10;
/// The size of the letters in a box.
pub(super) const FONT: u32 = 12;
/// The size of the letters of the title.
pub(super) const TITLE_FONT: u32 = 18;
/// How wide a box is.
const BOX: u32 = 230;
/// How wide a box is that holds conditions.
const WIDE_BOX: u32 = 270;
/// Between boxes in a row; arrows run here.
const GAP: u32 = 40;
/// Between boxes above each other.
const BELOW: u32 = 14;
/// Between lanes.
const BETWEEN_LANES: u32 = 28;
/// How wide an entry of the legend is, and how high its box.
const ENTRY: (u32, u32) = (160, 20);

/// What a box stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Start,
    When,
    Step,
    Recovered,
    People,
    Denied,
}

impl Shape {
    /// The shape of an end.
    pub const fn of(kind: TerminalKind) -> Self {
        match kind {
            TerminalKind::Recovered => Self::Recovered,
            TerminalKind::People => Self::People,
            TerminalKind::Denied => Self::Denied,
        }
    }
}

/// A box in its place.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    /// What it stands for; none for a frame around other boxes.
    pub shape: Option<Shape>,
    pub x: u32,
    pub y: u32,
    pub width: u32,
    pub height: u32,
    /// Its text, line by line; how many of them are its name.
    pub lines: Vec<String>,
    pub named: usize,
}

/// Everything in its place.
#[derive(Debug, Default)]
pub(super) struct Layout {
    pub width: u32,
    pub height: u32,
    pub title: Vec<String>,
    pub subtitle: Vec<String>,
    pub boxes: Vec<Placed>,
    /// From corner to corner; the last one has the head.
    pub arrows: Vec<Vec<(u32, u32)>>,
    /// The legend: a box, and the text to its right.
    pub legend: Vec<(Placed, &'static str)>,
}

/// Finds the places.
pub(super) fn of(picture: &Picture) -> Layout {
    let mut layout = Layout::default();
    let start = Element::text(Shape::Start, BOX, &["A recovery is asked for".to_owned()], 1);
    let lanes: Vec<Strip> = picture.lanes.iter().map(|lane| Strip::of(&lane.when, &lane.leads)).collect();
    let widest = lanes.iter().map(|lane| lane.width).max().unwrap_or(0);
    let least = 2 * MARGIN + 5 * ENTRY.0;
    layout.width = least.max(2 * MARGIN + start.width + GAP + widest);
    let room = layout.width - 2 * MARGIN;
    layout.title = wrapped(&picture.title(), room, TITLE_FONT);
    layout.subtitle = wrapped(&picture.subtitle(), room, FONT);
    let heading = layout.title.len() as u32 * (TITLE_FONT + 6) + layout.subtitle.len() as u32 * LINE;
    let top = MARGIN + heading + BETWEEN_LANES;
    let mut y = top;
    let left = MARGIN + start.width + GAP;
    let mut begins = Vec::new();
    for lane in lanes {
        begins.push((left, y + lane.height / 2));
        let height = lane.height;
        lane.place(left, y, &mut layout);
        y += height + BETWEEN_LANES;
    }
    let bottom = y.max(top + start.height + BETWEEN_LANES);
    let middle = begins.iter().map(|begin| begin.1).sum::<u32>() / (begins.len() as u32).max(1);
    let start_top = middle.saturating_sub(start.height / 2).max(top);
    let from = (MARGIN + start.width, start_top + start.height / 2);
    start.place(MARGIN, start_top, &mut layout);
    layout.arrows.extend(begins.into_iter().map(|to| elbow(from, to)));
    layout.legend = legend(bottom);
    layout.height = bottom + ENTRY.1 + MARGIN;
    layout
}

fn legend(y: u32) -> Vec<(Placed, &'static str)> {
    let entries = [
        (Shape::When, "which cases"),
        (Shape::Step, "what is proven"),
        (Shape::Recovered, "back in"),
        (Shape::People, "people decide"),
        (Shape::Denied, "refused"),
    ];
    let entry = |(at, (shape, text)): (usize, (Shape, &'static str))| {
        let (x, width, height) = (MARGIN + at as u32 * ENTRY.0, 28, ENTRY.1);
        (Placed { shape: Some(shape), x, y, width, height, lines: Vec::new(), named: 0 }, text)
    };
    entries.into_iter().enumerate().map(entry).collect()
}

/// One lane: its conditions, its steps, its endings below each other.
struct Strip {
    width: u32,
    height: u32,
    row: Vec<Element>,
    endings: Vec<Vec<Element>>,
}

impl Strip {
    fn of(when: &[String], leads: &Leads) -> Self {
        let mut row = vec![Element::text(Shape::When, WIDE_BOX, &any_of(when), 0)];
        let endings: Vec<Vec<Element>> = match leads {
            Leads::End(terminal) => vec![vec![end(terminal)]],
            Leads::Steps { steps, endings } => {
                row.extend(steps.iter().map(step));
                endings.iter().map(ending).collect()
            }
        };
        let ends_width = endings.iter().map(|row| row_width(row)).max().unwrap_or(0);
        let ends_height: u32 = endings.iter().map(|row| row_height(row) + BELOW).sum();
        let width = row_width(&row) + GAP + ends_width;
        let height = row_height(&row).max(ends_height.saturating_sub(BELOW));
        Self { width, height, row, endings }
    }

    fn place(self, x: u32, y: u32, layout: &mut Layout) {
        let middle = y + self.height / 2;
        let behind = place_row(self.row, x, middle, layout);
        let total: u32 = self.endings.iter().map(|row| row_height(row) + BELOW).sum::<u32>();
        let mut top = y + (self.height - total.saturating_sub(BELOW).min(self.height)) / 2;
        for row in self.endings {
            let height = row_height(&row);
            layout.arrows.push(elbow((behind, middle), (behind + GAP, top + height / 2)));
            place_row(row, behind + GAP, top + height / 2, layout);
            top += height + BELOW;
        }
    }
}

/// A box or a frame, without its place.
struct Element {
    width: u32,
    height: u32,
    shape: Option<Shape>,
    lines: Vec<String>,
    named: usize,
    rows: Vec<Vec<Self>>,
}

impl Element {
    /// A box of this width with these texts, the first `names` of which are its name.
    fn text(shape: Shape, width: u32, texts: &[String], names: usize) -> Self {
        let fit = |text: &String| wrapped(text, width - 2 * PAD, FONT);
        let named = texts.iter().take(names).map(|text| fit(text).len()).sum();
        let lines: Vec<String> = texts.iter().flat_map(fit).collect();
        let height = 2 * PAD + lines.len() as u32 * LINE;
        Self { width, height, shape: Some(shape), lines, named, rows: Vec::new() }
    }

    fn frame(title: String, rows: Vec<Vec<Self>>) -> Self {
        let width = rows.iter().map(|row| row_width(row)).max().unwrap_or(0).max(BOX) + 2 * PAD;
        let height = PAD + LINE + rows.iter().map(|row| row_height(row) + BELOW).sum::<u32>();
        Self { width, height, shape: None, lines: vec![title], named: 1, rows }
    }

    fn place(self, x: u32, y: u32, layout: &mut Layout) {
        let (width, height) = (self.width, self.height);
        let (shape, lines, named) = (self.shape, self.lines, self.named);
        layout.boxes.push(Placed { shape, x, y, width, height, lines, named });
        let mut top = y + PAD + LINE;
        for row in self.rows {
            let height = row_height(&row);
            place_row(row, x + PAD, top + height / 2, layout);
            top += height + BELOW;
        }
    }
}

fn step(step: &Step) -> Element {
    match step {
        Step::One { name, fails } => {
            let texts: Vec<String> = [name.clone()].into_iter().chain(fails.iter().cloned()).collect();
            Element::text(Shape::Step, BOX, &texts, 1)
        }
        Step::Any { need, of } => {
            let rows = of.iter().map(|row| row.iter().map(self::step).collect()).collect();
            Element::frame(format!("Any {need} of these, in any order"), rows)
        }
    }
}

fn ending(ending: &Ending) -> Vec<Element> {
    let when =
        (!ending.when.is_empty()).then(|| Element::text(Shape::When, WIDE_BOX, &any_of(&ending.when), 0));
    when.into_iter().chain([end(&ending.terminal)]).collect()
}

fn end(terminal: &Terminal) -> Element {
    let texts: Vec<String> =
        [terminal.title.clone()].into_iter().chain(terminal.lines.iter().cloned()).collect();
    Element::text(Shape::of(terminal.kind), BOX, &texts, 1)
}

fn row_width(row: &[Element]) -> u32 {
    let gaps = GAP * (row.len() as u32).saturating_sub(1);
    row.iter().map(|element| element.width).sum::<u32>() + gaps
}

fn row_height(row: &[Element]) -> u32 {
    // Even, so that the middle of each box is on one pixel.
    row.iter().map(|element| element.height).max().unwrap_or(0).next_multiple_of(2)
}

/// Places a row with its middle at this height; says where it ends.
fn place_row(row: Vec<Element>, x: u32, middle: u32, layout: &mut Layout) -> u32 {
    let (mut left, mut end) = (x, x);
    for (at, element) in row.into_iter().enumerate() {
        if at > 0 {
            left = end + GAP;
            layout.arrows.push(vec![(end, middle), (left, middle)]);
        }
        end = left + element.width;
        let top = middle - element.height / 2;
        element.place(left, top, layout);
    }
    end
}

/// An arrow with at most one bend up or down, in the middle of the gap before its head.
fn elbow(from: (u32, u32), to: (u32, u32)) -> Vec<(u32, u32)> {
    if from.1 == to.1 {
        return vec![from, to];
    }
    let bend = to.0 - GAP / 2;
    vec![from, (bend, from.1), (bend, to.1), to]
}

/// The lines of a text that is to be so wide. Words that are wider are broken.
fn wrapped(text: &str, width: u32, font: u32) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in shown(text).split(' ').filter(|word| !word.is_empty()) {
        let gap = if line.is_empty() { "" } else { " " };
        if measure(&format!("{line}{gap}{word}"), font) <= width {
            line += gap;
            line += word;
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        for c in word.chars() {
            line.push(c);
            if measure(&line, font) > width && line.chars().count() > 1 {
                line.pop();
                lines.push(std::mem::take(&mut line));
                line.push(c);
            }
        }
    }
    lines.push(line);
    lines
}

/// How wide a text is at most, in bold letters of a wide typeface.
pub(super) fn measure(text: &str, font: u32) -> u32 {
    let of = |c: char| match c {
        'i' | 'j' | 'l' | 'I' | ' ' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' => 42,
        'm' | 'w' | 'M' | 'W' | '@' | '%' => 112,
        'a'..='z' | '0'..='9' | '-' | '(' | ')' | '_' => 72,
        c if c.is_ascii() => 85,
        c if u32::from(c) < 0x1100 => 100,
        _ => 130,
    };
    let hundredths: u32 = text.chars().map(of).sum();
    (hundredths * font).div_ceil(100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_wrapped_within_their_width() {
        for text in [
            "",
            "a",
            "several words that do not fit in one line",
            &"W".repeat(100),
            "漢字漢字漢字漢字漢字漢字",
        ] {
            let lines = wrapped(text, 100, FONT);
            assert!(lines.iter().all(|line| measure(line, FONT) <= 100), "{lines:?}");
            assert_eq!(lines.concat().replace(' ', ""), text.replace(' ', ""));
        }
        assert_eq!(wrapped("one two", 60, FONT), ["one", "two"]);
    }

    #[test]
    fn an_arrow_bends_in_the_gap_before_its_head() {
        assert_eq!(elbow((10, 5), (100, 5)), [(10, 5), (100, 5)]);
        assert_eq!(elbow((10, 5), (100, 9)), [(10, 5), (80, 5), (80, 9), (100, 9)]);
    }
}
