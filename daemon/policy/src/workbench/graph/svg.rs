//! The picture as SVG: one file, no script, no font and nothing else from elsewhere.

use std::fmt::Write as _;

use super::Picture;
use super::escape::xml;
use super::layout::{self, FONT, LINE, Layout, MARGIN, PAD, Placed, Shape, TITLE_FONT};
use super::picture::{Leads, Step};
use super::told::Terminal;

const STYLE: &str = "\
svg{--ground:#fff;--ink:#1c1c1e;--faint:#55585e;--line:#777b82;--when:#f1f2f4;--step:#e3ecfb;--in:#dff3e4;\
--people:#fdf0d5;--no:#fbe0de;background:var(--ground)}\
@media (prefers-color-scheme:dark){svg{--ground:#16181c;--ink:#eceef1;--faint:#b3b8c0;--line:#8b919b;--when:#24272d;\
--step:#1d2f4d;--in:#17392a;--people:#44350f;--no:#4a1f1c}}\
text{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif;fill:var(--ink)}\
.more{fill:var(--faint)}.name{font-weight:600}\
rect{stroke:var(--line);stroke-width:1}\
.start,.frame{fill:var(--ground)}.when{fill:var(--when);stroke-dasharray:4 3}.step{fill:var(--step)}\
.recovered{fill:var(--in);stroke-width:2}.people{fill:var(--people)}.denied{fill:var(--no);stroke-width:2}\
path{fill:none;stroke:var(--line);stroke-width:1.5}marker path{fill:var(--line);stroke:none}";

/// Draws the picture.
pub(super) fn draw(picture: &Picture) -> String {
    let layout = layout::of(picture);
    let (width, height) = (layout.width, layout.height);
    let (title, desc) = (xml(&picture.title()), told(picture));
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\" role=\"img\" aria-labelledby=\"title desc\">\n<title id=\"title\">{title}</title>\n\
         <desc id=\"desc\">{desc}</desc>\n<style>{STYLE}</style>\n<defs><marker id=\"head\" viewBox=\"0 0 8 8\" \
         refX=\"8\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" orient=\"auto\"><path d=\"M0 0L8 4L0 8z\"/>\
         </marker></defs>\n<g aria-hidden=\"true\">\n"
    );
    heading(&layout, &mut svg);
    for corners in &layout.arrows {
        let path: Vec<String> = corners.iter().map(|(x, y)| format!("{x} {y}")).collect();
        // Writing to a String cannot fail.
        let _ = writeln!(svg, "<path d=\"M{}\" marker-end=\"url(#head)\"/>", path.join("L"));
    }
    layout.boxes.iter().for_each(|placed| boxed(placed, &mut svg));
    for (placed, text) in &layout.legend {
        boxed(placed, &mut svg);
        let (x, y) = (placed.x + placed.width + 8, placed.y + placed.height / 2 + FONT / 3);
        let _ = writeln!(svg, "<text class=\"more\" font-size=\"{FONT}\" x=\"{x}\" y=\"{y}\">{text}</text>");
    }
    svg + "</g>\n</svg>\n"
}

fn heading(layout: &Layout, svg: &mut String) {
    let mut y = MARGIN;
    for (lines, font, step, class) in
        [(&layout.title, TITLE_FONT, TITLE_FONT + 6, "name"), (&layout.subtitle, FONT, LINE, "more")]
    {
        for line in lines {
            y += step;
            let _ = writeln!(
                svg,
                "<text class=\"{class}\" font-size=\"{font}\" x=\"{MARGIN}\" y=\"{}\">{}</text>",
                y - step / 4,
                xml(line)
            );
        }
    }
}

fn boxed(placed: &Placed, svg: &mut String) {
    let Placed { shape, x, y, width, height, lines, named } = placed;
    let (class, round) = match shape {
        None => ("frame", 6),
        Some(Shape::Start) => ("start", 20),
        Some(Shape::When) => ("when", 2),
        Some(Shape::Step) => ("step", 8),
        Some(Shape::Recovered) => ("recovered", 12),
        Some(Shape::People) => ("people", 2),
        Some(Shape::Denied) => ("denied", 0),
    };
    let _ = writeln!(
        svg,
        "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"{round}\"/>"
    );
    for (line, at) in lines.iter().zip(0_u32..) {
        let class = match (at as usize) < *named {
            true => "name",
            false if *shape == Some(Shape::When) => "case",
            false => "more",
        };
        let (x, y) = (x + PAD, y + PAD + at * LINE + FONT);
        let _ = writeln!(
            svg,
            "<text class=\"{class}\" font-size=\"{FONT}\" x=\"{x}\" y=\"{y}\">{}</text>",
            xml(line)
        );
    }
}

/// The picture in sentences, for those who have it read to them.
fn told(picture: &Picture) -> String {
    let mut text = format!("{}.", xml(&picture.subtitle()));
    for lane in &picture.lanes {
        let when: Vec<String> = lane.when.iter().map(|line| xml(line)).collect();
        let _ = write!(text, " {}: ", when.join("; or "));
        match &lane.leads {
            Leads::End(terminal) => text += &ended(terminal),
            Leads::Steps { steps, endings } => {
                text += &row(steps);
                for ending in endings {
                    let when: Vec<String> = ending.when.iter().map(|line| xml(line)).collect();
                    let when = if when.is_empty() {
                        "then".to_owned()
                    } else {
                        format!("then, if {}", when.join("; or "))
                    };
                    let _ = write!(text, "; {when}: {}", ended(&ending.terminal));
                }
            }
        }
        text.push('.');
    }
    text
}

fn row(steps: &[Step]) -> String {
    let one = |step: &Step| match step {
        Step::One { name, fails } if fails.is_empty() => xml(name),
        Step::One { name, fails } => {
            let fails: Vec<String> = fails.iter().map(|line| xml(line)).collect();
            format!("{} ({})", xml(name), fails.join("; "))
        }
        Step::Any { need, of } => {
            let rows: Vec<String> = of.iter().map(|steps| row(steps)).collect();
            format!("any {need} of [{}]", rows.join(" | "))
        }
    };
    steps.iter().map(one).collect::<Vec<_>>().join(", then ")
}

fn ended(terminal: &Terminal) -> String {
    let lines: Vec<String> = terminal.lines.iter().map(|line| xml(line)).collect();
    format!("{}: {}", xml(&terminal.title), lines.join(", "))
}
