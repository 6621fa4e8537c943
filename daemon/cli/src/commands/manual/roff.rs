//! Text as roff, for the macros of man(7).

/// A text in running lines: nothing of it is taken for a request.
#[must_use]
pub fn text(text: &str) -> String {
    let lines = text.lines().map(line);
    lines.collect::<Vec<_>>().join("\n")
}

/// One line.
#[must_use]
pub fn line(line: &str) -> String {
    let escaped = line.replace('\\', "\\e").replace('-', "\\-").replace('\'', "\\(aq");
    if escaped.starts_with(['.', '\'']) { format!("\\&{escaped}") } else { escaped }
}

/// Lines that stay as they are.
#[must_use]
pub fn verbatim<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    let mut text = String::from(".PP\n.nf\n.RS 4\n");
    for one in lines {
        text += &format!("{}\n", line(one.trim_end()));
    }
    text + ".RE\n.fi\n"
}

/// A page without the macros that have no effect, with which readers of man pages find fault.
#[must_use]
pub fn tidied(page: &str) -> String {
    let mut tidied = String::with_capacity(page.len());
    let mut follows_heading = false;
    for line in page.replace(".br\n\n.br\n", ".br\n").lines() {
        if !(follows_heading && line == ".PP") {
            tidied += line;
            tidied.push('\n');
        }
        follows_heading = line.starts_with(".SH ");
    }
    tidied
}

/// What stands behind a verb's help: examples as they are, the rest as paragraphs.
#[must_use]
pub fn after_help(help: &str) -> String {
    let mut out = String::new();
    for (index, paragraph) in help.split("\n\n").enumerate() {
        let indented = paragraph.lines().skip(1).all(|line| line.starts_with("  "));
        let first = paragraph.lines().next().unwrap_or_default();
        match first.strip_suffix(':') {
            Some(heading) if indented && paragraph.lines().count() > 1 => {
                out += &format!(".SH {}\n", line(&heading.to_uppercase()));
                out += &verbatim(paragraph.lines().skip(1).map(|line| line.trim_start_matches("  ")));
            }
            _ if paragraph.starts_with("  ") => {
                out += &verbatim(paragraph.lines().map(|line| line.trim_start_matches("  ")))
            }
            _ => {
                if index == 0 || !out.contains(".SH NOTES") {
                    out += ".SH NOTES\n";
                }
                out += &format!(".PP\n{}\n", text(paragraph));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_taken_for_a_request() {
        assert_eq!(text(".SH x\n'y\\z"), "\\&.SH x\n\\(aqy\\ez");
        assert_eq!(line("--dry-run"), "\\-\\-dry\\-run");
    }

    #[test]
    fn what_has_no_effect_is_left_out() {
        assert_eq!(tidied(".SH A\n.PP\nb\n.PP\nc\n.br\n\n.br\nd\n"), ".SH A\nb\n.PP\nc\n.br\nd\n");
    }

    #[test]
    fn examples_stay_as_they_are() {
        let wanted = ".SH EXAMPLES\n.PP\n.nf\n.RS 4\nreadmit x  y\n.RE\n.fi\n.SH NOTES\n.PP\nJSON: {a}.\n";
        assert_eq!(after_help("Examples:\n  readmit x  y\n\nJSON: {a}."), wanted);
    }
}
