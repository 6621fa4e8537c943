//! `readmit policy check`: everything that can be known about policies without running a case.

mod checker;
mod show;

use std::path::{Path, PathBuf};

use clap::Args;
use readmit_policy::Sources;
use readmit_policy::workbench::check::{Finding, Severity, TypeCheck, examine, refusals};

use super::set;
use crate::context::Context;
use crate::failure::{Failure, Kind};

const EXAMPLES: &str = "\
Examples:
  readmit policy check                             the policies here, or else the daemon's
  readmit policy check ./policies --channel sms    with a plugin for text messages
  readmit policy check --json | jq -r '.[].message'

What is checked: syntax; hooks; names, fields, factors and keys that nobody knows; answers that
are thrown away or do not fit their hook; what require names, even where it is never run; and
strict Luau types against the whole API (types.d.luau). A parameter without a type of its own
has the one that its hook gives it.

JSON: [{file, line, column, severity, message, hint, source}], in order; line, column, hint and
source may be null; severity is error, warning or note. Errors end with exit code 1; so do
warnings with --deny-warnings.";

/// Find everything that is wrong with policies before any case is run
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Check {
    /// The policies directory [default: this one if it holds policies, else /etc/readmit/policies]
    #[arg(value_name = "DIR")]
    directory: Option<PathBuf>,
    #[command(flatten)]
    plugins: set::Plugins,
    /// Leave the types unchecked, which needs readmit-typecheck
    #[arg(long)]
    no_types: bool,
    /// Fail on warnings too
    #[arg(long)]
    deny_warnings: bool,
}

/// Runs the verb.
pub async fn run(check: Check, context: &mut Context) -> Result<(), Failure> {
    let directory = set::directory(check.directory.clone());
    if !directory.is_dir() {
        return Err(Failure::new(Kind::Failed, format!("{} is no directory", directory.display()))
            .with_hint("name the directory with the policies: readmit policy check DIR"));
    }
    let sources = match Sources::read(&directory) {
        Ok(sources) => sources,
        Err(error) => {
            let report =
                show::Report { directory: &directory, findings: &refusals(&error, None), sources: None };
            report.show(context, "")?;
            return Err(failure(report.findings, &check));
        }
    };
    let findings = find(&sources, &check).await?;
    let report = show::Report { directory: &directory, findings: &findings, sources: Some(&sources) };
    report.show(context, &summary(&sources, &findings, &check))?;
    let is_bad = |finding: &Finding| match finding.severity {
        Severity::Error => true,
        Severity::Warning => check.deny_warnings,
        Severity::Note => false,
    };
    if findings.iter().any(is_bad) { Err(failure(&findings, &check)) } else { Ok(()) }
}

async fn find(sources: &Sources, check: &Check) -> Result<Vec<Finding>, Failure> {
    let channels = check.plugins.channels();
    let examination = examine(sources, &channels);
    let mut types = Vec::new();
    if !check.no_types {
        for request in TypeCheck::of(sources, &channels, &examination.broken) {
            types.extend(checker::check(&request).await?);
        }
    }
    Ok(examination.with_types(types))
}

/// What is said where there is no error.
fn summary(sources: &Sources, findings: &[Finding], check: &Check) -> String {
    let files = match sources.iter().count() {
        1 => "1 file".to_owned(),
        count => format!("{count} files"),
    };
    let version: String = sources.version().to_string().chars().take(12).collect();
    let found = if findings.is_empty() { "no problem".to_owned() } else { counts(findings) };
    let types = if check.no_types { "; the types were not checked (--no-types)" } else { "" };
    format!("{files}, version {version}, {found}{types}")
}

fn counts(findings: &[Finding]) -> String {
    let counted = |severity: Severity| {
        let count = findings.iter().filter(|finding| finding.severity == severity).count();
        let plural = if count == 1 { "" } else { "s" };
        (count > 0).then(|| format!("{count} {}{plural}", severity.as_str()))
    };
    let counts = [Severity::Error, Severity::Warning, Severity::Note].into_iter().filter_map(counted);
    counts.collect::<Vec<_>>().join(" and ")
}

fn failure(findings: &[Finding], check: &Check) -> Failure {
    let types = if check.no_types { "; the types were not checked (--no-types)" } else { "" };
    Failure::new(Kind::Failed, format!("the policies have {}{types}", counts(findings)))
        .with_hint("mend them, then check again")
}

/// The path under which somebody here can open a file of the set.
fn path(directory: &Path, file: &str) -> String {
    let path = match file {
        "." => directory.to_owned(),
        file if directory == Path::new(".") => PathBuf::from(file),
        file => directory.join(file),
    };
    path.display().to_string()
}
