//! The report as a page: one file, no script, nothing to load, readable without colours.
//!
//! A policy's text is not trusted: it is escaped, and what would change how a line reads is shown by its number.

use std::fmt::{self, Write as _};

use super::{CoverageReport, FileCoverage, Tally, VerdictPlace};

const STYLE: &str = include_str!("style.css");

/// The page.
pub(super) fn page(report: &CoverageReport) -> String {
    let mut page = String::new();
    // Writing to a String cannot fail.
    let _ = write_page(&mut page, report);
    page
}

fn write_page(page: &mut String, report: &CoverageReport) -> fmt::Result {
    write!(
        page,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>Policy coverage</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n\
         <h1>Policy coverage</h1>\n"
    )?;
    summary(page, report)?;
    answers(page, report)?;
    for (number, file) in report.files.iter().enumerate() {
        source(page, number, file)?;
    }
    page.push_str("</main>\n</body>\n</html>\n");
    Ok(())
}

fn summary(page: &mut String, report: &CoverageReport) -> fmt::Result {
    page.push_str(
        "<table>\n<caption>What the tests reach</caption>\n<thead><tr><th scope=\"col\">File</th>\
         <th scope=\"col\">Lines</th><th scope=\"col\">Verdicts</th><th scope=\"col\">Missed lines</th></tr></thead>\n\
         <tbody>\n",
    );
    for (number, file) in report.files.iter().enumerate() {
        writeln!(
            page,
            "<tr><th scope=\"row\"><a href=\"#file-{number}\">{}</a></th>{}{}<td>{}</td></tr>",
            Escaped(&file.file),
            Share(file.line_tally()),
            Share(file.verdict_tally()),
            missed(number, file)
        )?;
    }
    write!(
        page,
        "</tbody>\n<tfoot><tr><th scope=\"row\">All</th>{}{}<td></td></tr></tfoot>\n</table>\n",
        Share(report.lines()),
        Share(report.verdicts())
    )
}

fn answers(page: &mut String, report: &CoverageReport) -> fmt::Result {
    if report.answers.is_empty() {
        return Ok(());
    }
    page.push_str(
        "<table>\n<caption>What the hooks answered</caption>\n<thead><tr><th scope=\"col\">Policy</th>\
         <th scope=\"col\">Hook</th><th scope=\"col\">Verdicts</th></tr></thead>\n<tbody>\n",
    );
    for answers in &report.answers {
        let given: Vec<_> = answers.given.iter().map(|(word, times)| format!("{word} {times}×")).collect();
        writeln!(
            page,
            "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td></tr>",
            Escaped(&answers.file),
            answers.hook.as_str(),
            given.join(", ")
        )?;
    }
    page.push_str(
        "</tbody>\n</table>\n<p><small>default: the policy leaves the hook to its default; nothing: no verdict was \
         needed; unable: an error, so support takes over.</small></p>\n",
    );
    Ok(())
}

fn source(page: &mut String, number: usize, file: &FileCoverage) -> fmt::Result {
    write!(
        page,
        "<section aria-labelledby=\"file-{number}\">\n<h2 id=\"file-{number}\">{}</h2>\n<table class=\"source\">\n\
         <thead><tr><th scope=\"col\">Line</th><th scope=\"col\">Runs</th><th scope=\"col\">Text</th></tr></thead>\n\
         <tbody>\n",
        Escaped(&file.file)
    )?;
    let mut places = file.places.iter().peekable();
    for (line, text) in (1u32..).zip(file.text().split('\n')) {
        let mut here = Vec::new();
        while let Some(place) = places.next_if(|place| place.line == line) {
            here.push(place);
        }
        let (class, runs) = match file.lines.get(&line) {
            None => ("", String::new()),
            Some(0) => (" class=\"missed\"", "missed".to_owned()),
            Some(hits) => (" class=\"run\"", hits.to_string()),
        };
        write!(
            page,
            "<tr{class} id=\"line-{number}-{line}\"><th scope=\"row\">{line}</th><td>{runs}</td><td><code>"
        )?;
        words(page, text, &here)?;
        page.push_str("</code></td></tr>\n");
    }
    page.push_str("</tbody>\n</table>\n</section>\n");
    Ok(())
}

/// A line's text with its verdict places marked.
fn words(page: &mut String, text: &str, places: &[&VerdictPlace]) -> fmt::Result {
    let mut shown = 0;
    for place in places {
        let start = usize::try_from(place.column).unwrap_or(usize::MAX).saturating_sub(1);
        let (Some(before), Some(word)) = (text.get(shown..start), text.get(start..start + place.word.len()))
        else {
            continue;
        };
        let (class, made) = match place.made {
            0 => ("never", "never made".to_owned()),
            1 => ("made", "made once".to_owned()),
            times => ("made", format!("made {times} times")),
        };
        write!(
            page,
            "{}<mark class=\"{class}\" title=\"{made}\">{}<span class=\"spoken\"> ({made})</span></mark>",
            Escaped(before),
            Escaped(word)
        )?;
        shown = start + word.len();
    }
    write!(page, "{}", Escaped(text.get(shown..).unwrap_or_default()))
}

/// The ranges of missed lines, each leading to its first.
fn missed(number: usize, file: &FileCoverage) -> String {
    let ranges = file.missed().into_iter().map(|range| {
        let (start, end) = (range.start(), range.end());
        let shown = if start == end { start.to_string() } else { format!("{start}–{end}") };
        format!("<a href=\"#line-{number}-{start}\">{shown}</a>")
    });
    ranges.collect::<Vec<_>>().join(", ")
}

/// A cell with a share.
struct Share(Tally);

impl fmt::Display for Share {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(tally) = self;
        let class = if tally.hit == tally.of { "all" } else { "part" };
        write!(
            formatter,
            "<td class=\"{class}\">{:.1} % <small>({} of {})</small></td>",
            tally.percent(),
            tally.hit,
            tally.of
        )
    }
}

/// A text in which nothing is markup, and nothing changes the direction or the place of what is read.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => formatter.write_str("&amp;")?,
                '<' => formatter.write_str("&lt;")?,
                '>' => formatter.write_str("&gt;")?,
                '"' => formatter.write_str("&quot;")?,
                '\'' => formatter.write_str("&#39;")?,
                '\t' => formatter.write_char(c)?,
                '\r' => {}
                c if misleads(c) => write!(formatter, "<span class=\"odd\">U+{:04X}</span>", u32::from(c))?,
                c => formatter.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// Control characters, direction marks and overrides, and what has no width.
fn misleads(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}
