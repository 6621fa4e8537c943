//! Tables and lists of fields, for people.

use crate::output::Style;

/// A table with a heading.
pub struct Table {
    heading: Vec<String>,
    rows: Vec<Vec<String>>,
    nothing: &'static str,
}

impl Table {
    /// A table; `nothing` is said instead of an empty one.
    #[must_use]
    pub fn new(heading: &[&str], nothing: &'static str) -> Self {
        Self { heading: heading.iter().map(|&word| word.to_owned()).collect(), rows: Vec::new(), nothing }
    }

    /// One more row.
    pub fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// The table as text. Columns are as wide as their widest cell; the last one runs free.
    #[must_use]
    pub fn text(&self, style: Style) -> String {
        if self.rows.is_empty() {
            return format!("{}\n", self.nothing);
        }
        let widths: Vec<usize> = (0..self.heading.len())
            .map(|column| {
                let cells = self.rows.iter().chain([&self.heading]).filter_map(|row| row.get(column));
                cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
            })
            .collect();
        let mut text = style.bold(&line(&self.heading, &widths, Style::PLAIN)) + "\n";
        for row in &self.rows {
            text += &line(row, &widths, style);
            text.push('\n');
        }
        text
    }
}

/// Fields, one a line, their values in one column.
#[must_use]
pub fn fields(pairs: &[(&str, String)], style: Style) -> String {
    let width = pairs.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let lines = pairs.iter().map(|(name, value)| {
        let padded = format!("{name:width$}");
        format!("{}  {}\n", style.dim(&padded), style.state(value))
    });
    lines.collect()
}

fn line(cells: &[String], widths: &[usize], style: Style) -> String {
    let mut text = String::new();
    for (cell, &width) in cells.iter().zip(widths) {
        text += &style.state(cell);
        text += &" ".repeat(width.saturating_sub(cell.chars().count()) + 2);
    }
    text.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned() {
        let mut table = Table::new(&["ID", "STATE"], "None.");
        assert_eq!(table.text(Style::PLAIN), "None.\n");
        table.row(vec!["é-long-id".into(), "held".into()]);
        table.row(vec!["b".into(), "-".into()]);
        assert_eq!(table.text(Style::PLAIN), "ID         STATE\né-long-id  held\nb          -\n");
        assert_eq!(fields(&[("a", "1".into()), ("bcd", "2".into())], Style::PLAIN), "a    1\nbcd  2\n");
    }
}
