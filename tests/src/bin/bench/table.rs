//! The table that the benchmark is for.

use crate::Outcome;

/// What a ratio should be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wanted {
    /// This or more.
    AtLeast(f64),
    /// This or less.
    AtMost(f64),
    /// Nothing was promised; it is there to be compared with.
    Nothing,
}

/// One line of the table.
#[derive(Debug)]
pub(crate) struct Row {
    what: String,
    measured: String,
    limit: String,
    ratio: Option<f64>,
    wanted: Wanted,
    works: bool,
}

impl Row {
    /// Something measured against something else.
    pub(crate) fn new(what: &str, measured: String, limit: String, ratio: f64, wanted: Wanted) -> Self {
        Self { what: what.to_owned(), measured, limit, ratio: Some(ratio), wanted, works: true }
    }

    /// Something that holds or does not, whatever the machine.
    pub(crate) fn promise(what: &str, measured: String, limit: &str, works: bool) -> Self {
        let limit = limit.to_owned();
        Self { what: what.to_owned(), measured, limit, ratio: None, wanted: Wanted::Nothing, works }
    }

    /// Something that could not be compared.
    pub(crate) fn missing(what: &str, why: &str) -> Self {
        Self {
            what: what.to_owned(),
            measured: "not measured".to_owned(),
            limit: why.to_owned(),
            ratio: None,
            wanted: Wanted::Nothing,
            works: true,
        }
    }

    fn verdict(&self) -> &'static str {
        match (self.works, self.ratio, self.wanted) {
            (false, ..) => "FAILED",
            (true, Some(ratio), Wanted::AtLeast(wanted)) => in_words(ratio >= wanted),
            (true, Some(ratio), Wanted::AtMost(wanted)) => in_words(ratio <= wanted),
            (true, None, Wanted::Nothing) if self.measured == "not measured" => "missing",
            (true, None, _) => "ok",
            (true, Some(_), Wanted::Nothing) => "-",
        }
    }

    fn cells(&self) -> [String; 6] {
        let ratio = self.ratio.map_or_else(|| "-".to_owned(), in_figures);
        let wanted = match self.wanted {
            Wanted::AtLeast(wanted) => format!("≥ {wanted}"),
            Wanted::AtMost(wanted) => format!("≤ {wanted}"),
            Wanted::Nothing => "-".to_owned(),
        };
        let verdict = self.verdict().to_owned();
        [self.what.clone(), self.measured.clone(), self.limit.clone(), ratio, wanted, verdict]
    }
}

fn in_words(holds: bool) -> &'static str {
    if holds { "ok" } else { "misses" }
}

/// Three digits that count.
fn in_figures(ratio: f64) -> String {
    match ratio {
        ratio if ratio >= 100.0 => format!("{ratio:.0}"),
        ratio if ratio >= 10.0 => format!("{ratio:.1}"),
        ratio => format!("{ratio:.2}"),
    }
}

/// The lines so far.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: Vec<Row>,
}

impl Table {
    /// Adds what a part of the benchmark came to, and says it at once: a run takes minutes.
    pub(crate) fn add(&mut self, part: &str, rows: Outcome<Vec<Row>>) {
        let rows = rows.unwrap_or_else(|error| {
            vec![Row::promise(part, "did not work".to_owned(), &error.to_string(), false)]
        });
        for row in rows {
            let [what, measured, limit, ratio, wanted, verdict] = row.cells();
            say(&format!("{what}: {measured} against {limit}; ratio {ratio}, wanted {wanted}: {verdict}"));
            self.rows.push(row);
        }
    }

    /// Whether everything worked.
    pub(crate) fn is_whole(&self) -> bool {
        self.rows.iter().all(|row| row.works)
    }

    /// Prints it as Markdown.
    #[expect(clippy::print_stdout, reason = "the table is what the program is for")]
    pub(crate) fn print(&self) {
        let head = ["what", "measured", "limit of the same run", "ratio", "wanted", ""].map(str::to_owned);
        let rule = ["---"; 6].map(str::to_owned);
        let rows = self.rows.iter().map(Row::cells);
        println!();
        for cells in [head, rule].into_iter().chain(rows) {
            println!("| {} |", cells.map(|cell| cell.replace('|', "/").replace('\n', " ")).join(" | "));
        }
    }
}

/// Tells whoever waits.
#[expect(clippy::print_stderr, reason = "a run takes minutes; progress is kept out of the table")]
pub(crate) fn say(text: &str) {
    eprintln!("{text}");
}
