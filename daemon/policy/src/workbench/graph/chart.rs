//! The picture as boxes and arrows without places, for programs that find the places themselves.

use std::fmt::Write as _;

use super::Picture;
use super::escape;
use super::layout::Shape;
use super::picture::{Ending, Leads, Step};
use super::told::Terminal;

/// Boxes and arrows.
#[derive(Default)]
pub(super) struct Chart {
    subtitle: String,
    boxes: Vec<(Shape, Vec<String>)>,
    arrows: Vec<(usize, usize)>,
}

/// The boxes and arrows of a picture.
pub(super) fn of(picture: &Picture) -> Chart {
    let mut chart = Chart { subtitle: picture.subtitle(), ..Chart::default() };
    let start = chart.add(Shape::Start, vec!["A recovery is asked for".to_owned()]);
    for lane in &picture.lanes {
        let when = chart.after(start, Shape::When, any_of(&lane.when));
        match &lane.leads {
            Leads::End(terminal) => drop(chart.terminal(when, terminal)),
            Leads::Steps { steps, endings } => {
                let last =
                    steps.iter().fold(when, |last, step| chart.after(last, Shape::Step, step_lines(step)));
                endings.iter().for_each(|ending| chart.ending(last, ending));
            }
        }
    }
    chart
}

impl Chart {
    fn add(&mut self, shape: Shape, lines: Vec<String>) -> usize {
        self.boxes.push((shape, lines));
        self.boxes.len() - 1
    }

    fn after(&mut self, before: usize, shape: Shape, lines: Vec<String>) -> usize {
        let at = self.add(shape, lines);
        self.arrows.push((before, at));
        at
    }

    fn terminal(&mut self, before: usize, terminal: &Terminal) -> usize {
        let mut lines = vec![terminal.title.clone()];
        lines.extend(terminal.lines.iter().cloned());
        self.after(before, Shape::of(terminal.kind), lines)
    }

    fn ending(&mut self, before: usize, ending: &Ending) {
        let before = match ending.when.as_slice() {
            [] => before,
            when => self.after(before, Shape::When, any_of(when)),
        };
        self.terminal(before, &ending.terminal);
    }

    /// In the language of Graphviz.
    pub fn dot(&self, title: &str) -> String {
        let label = format!("{}\\n{}", escape::dot(title), escape::dot(&self.subtitle));
        let mut text = format!(
            "digraph readmit {{\n  graph [rankdir=LR, labelloc=t, label=\"{label}\"];\n  node [shape=box, \
             fontname=\"sans-serif\", fontsize=11, margin=\"0.15,0.08\"];\n"
        );
        for (at, (shape, lines)) in self.boxes.iter().enumerate() {
            let lines: Vec<String> = lines.iter().map(|line| escape::dot(line)).collect();
            let style = match shape {
                Shape::Start => "shape=circle",
                Shape::When => "shape=note",
                Shape::Step => "style=rounded",
                Shape::Recovered => "shape=box, peripheries=2",
                Shape::People => "shape=house",
                Shape::Denied => "shape=octagon",
            };
            // Writing to a String cannot fail.
            let _ = writeln!(text, "  n{at} [label=\"{}\", {style}];", lines.join("\\n"));
        }
        for (from, to) in &self.arrows {
            let _ = writeln!(text, "  n{from} -> n{to};");
        }
        text + "}\n"
    }

    /// As a Mermaid flowchart.
    pub fn mermaid(&self, title: &str) -> String {
        let mut text = format!(
            "flowchart LR\n  accTitle: {}\n  accDescr: {}\n",
            escape::mermaid(title),
            escape::mermaid(&self.subtitle)
        );
        for (at, (shape, lines)) in self.boxes.iter().enumerate() {
            let lines: Vec<String> = lines.iter().map(|line| escape::mermaid(line)).collect();
            let (open, close) = match shape {
                Shape::Start => ("((", "))"),
                Shape::When => (">", "]"),
                Shape::Step => ("(", ")"),
                Shape::Recovered => ("[[", "]]"),
                Shape::People => ("[/", "\\]"),
                Shape::Denied => ("{{", "}}"),
            };
            let _ = writeln!(text, "  n{at}{open}\"{}\"{close}", lines.join("<br/>"));
        }
        for (from, to) in &self.arrows {
            let _ = writeln!(text, "  n{from} --> n{to}");
        }
        text
    }
}

/// Conditions of which any is enough, a line each.
pub(super) fn any_of(when: &[String]) -> Vec<String> {
    let or = |(at, line): (usize, &String)| if at == 0 { line.clone() } else { format!("or: {line}") };
    when.iter().enumerate().map(or).collect()
}

fn step_lines(step: &Step) -> Vec<String> {
    match step {
        Step::One { name, fails } => [name.clone()].into_iter().chain(fails.iter().cloned()).collect(),
        Step::Any { need, of } => {
            let row = |row: &Vec<Step>| {
                let rows: Vec<String> = row.iter().map(|step| step_lines(step).join("; ")).collect();
                format!("- {}", rows.join(", then "))
            };
            [format!("Any {need} of:")].into_iter().chain(of.iter().map(row)).collect()
        }
    }
}
