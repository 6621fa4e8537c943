//! The text of a scrape, in the format that the scraper can read.

use std::fmt::{self, Write as _};

use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;

/// A text format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// OpenMetrics 1.0.0.
    OpenMetrics,
    /// The text format of Prometheus, version 0.0.4, which everything reads.
    Prometheus,
}

impl Format {
    /// The one that is meant by what an `Accept` header says.
    #[must_use]
    pub fn accepted(accept: &str) -> Self {
        let open = accept.split(',').any(|kind| kind.trim().starts_with("application/openmetrics-text"));
        if open { Self::OpenMetrics } else { Self::Prometheus }
    }

    /// Its `Content-Type`.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
        }
    }

    pub(super) fn write(self, registry: &Registry) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, registry)?;
        match self {
            Self::OpenMetrics => Ok(text),
            Self::Prometheus => in_old_words(&text),
        }
    }
}

/// In OpenMetrics a counter's samples have a suffix that its name has not; before, they were named alike. Units and an
/// end did not exist.
fn in_old_words(text: &str) -> Result<String, fmt::Error> {
    let mut old = String::with_capacity(text.len());
    let mut help: Option<(&str, &str)> = None;
    for line in text.lines() {
        if let Some(told) = line.strip_prefix("# HELP ") {
            help = told.split_once(' ');
        } else if let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|told| told.split_once(' '))
        {
            let suffix = if kind == "counter" { "_total" } else { "" };
            if let Some((_, told)) = help.take() {
                writeln!(old, "# HELP {name}{suffix} {told}")?;
            }
            writeln!(old, "# TYPE {name}{suffix} {kind}")?;
        } else if !line.starts_with("# UNIT ") && line != "# EOF" {
            writeln!(old, "{line}")?;
        }
    }
    Ok(old)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scraper_gets_what_it_asks_for() {
        let prometheus = "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
        assert_eq!(Format::accepted(prometheus), Format::OpenMetrics);
        for other in ["", "*/*", "text/plain", "text/html, application/json"] {
            assert_eq!(Format::accepted(other), Format::Prometheus, "{other}");
        }
    }

    #[test]
    fn the_old_format_has_the_suffix_in_the_name_and_no_end() {
        let open = "# HELP a_b Counted.\n# TYPE a_b counter\na_b_total{x=\"y\"} 1\n# HELP c_seconds Time.\n\
                    # TYPE c_seconds gauge\n# UNIT c_seconds seconds\nc_seconds 0.5\n# EOF\n";
        let old = "# HELP a_b_total Counted.\n# TYPE a_b_total counter\na_b_total{x=\"y\"} 1\n\
                   # HELP c_seconds Time.\n# TYPE c_seconds gauge\nc_seconds 0.5\n";
        assert_eq!(in_old_words(open).as_deref(), Ok(old));
    }
}
