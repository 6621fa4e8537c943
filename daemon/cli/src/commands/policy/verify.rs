//! `readmit policy verify`: not examples but all cases.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use readmit_policy::workbench::testing::Invariants;
use readmit_policy::workbench::verify::{Counterexample, Options, Property, Verified, verify};
use serde_json::{Value, json};

use super::set::{Surroundings, directory, read, refused};
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::limits::COUNTEREXAMPLES_SHOWN;
use crate::output::{Style, plain};
use crate::work::{Bar, aside};

const EXAMPLES: &str = "\
Examples:
  readmit policy verify                    the policies of this directory, or the daemon's
  readmit policy verify policies --json    for scripts; exit code 1 unless everything is proven
  readmit policy verify --limit 500000     more kinds of cases than usual

Every case that a policy can tell apart is walked through the real core, step by step: every factor is proven, fails \
in every way there is, and is lost to wrong codes; waits, holds, approvals and what support can do are taken. Proven \
is that
  floor         nothing is under the assurance level, nobody is let in below it
  answers       the policy answers every question: no error, no used-up budget, no answer that is refused
  no_dead_end   whoever wants back in comes to the account, to people, or to a no; asking support on their own, and \
failing on purpose, do not count, and no account is asked only for what it has not got
  invariant     every `invariant(…)` of the *_test.lua files holds in what the policy decides; what support resolves \
is theirs
  risk          otherwise equal, stolen never takes fewer factors than lost, nor lost fewer than damaged, and with as \
many factors no shorter hold

What does not hold is printed as a test that can be pasted. Facts that the policy never looks at are left out \
exactly; of numbers and times those are tried between which it decides otherwise, of words those that it names and \
one that it does not.

JSON: {proven, files: [{file, realm, proven, complete, facts, openings, classes, cases, states, decisions, seconds, \
abstracted, counterexamples: [{property, cause, classes, conditions, test}]}]}.";

/// Prove what must hold in every case that a policy can tell apart
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Verify {
    /// The directory with the policies
    #[arg(value_name = "DIR")]
    directory: Option<PathBuf>,
    /// Give up a policy that tells more kinds of cases apart, or a case with more states
    #[arg(long, value_name = "N")]
    limit: Option<NonZeroUsize>,
    /// Walk so many cases at a time; usually as many as there are processors
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
    #[command(flatten)]
    surroundings: Surroundings,
}

/// Runs the verb.
pub async fn run(arguments: Verify, context: &mut Context) -> Result<(), Failure> {
    let sources = read(&directory(arguments.directory))?;
    let surroundings = arguments.surroundings;
    let invariants = Invariants::load(&sources, &surroundings.channels()).map_err(|error| refused(&error))?;
    let set = surroundings.watch(sources)?;
    let usual = Options::default();
    let options = Options {
        rules: surroundings.rules(),
        most_classes: arguments.limit.map_or(usual.most_classes, usize::from),
        most_states: arguments.limit.map_or(usual.most_states, usize::from),
        threads: arguments.threads.map_or(usual.threads, usize::from),
    };
    let bar = Bar::new("verify");
    let pen = bar.pen();
    let started = Instant::now();
    let verified = aside(move || {
        verify(&set, &invariants, &options, &|progress| {
            #[expect(clippy::cast_precision_loss, reason = "a number for the eye")]
            let a_second = progress.states as f64 / started.elapsed().as_secs_f64();
            let remark = format!("classes, {} states, {a_second:.0} a second", progress.states);
            pen.show(progress.classes, progress.classes + progress.open, &remark);
        })
    });
    let verified = verified.await?.map_err(|error| Failure::new(Kind::Failed, error.to_string()))?;
    drop(bar);
    context.output.answer(&document(&verified), |style| text(&verified, style))?;
    judged(&verified)
}

/// Exit code 1 unless everything is proven.
fn judged(verified: &[Verified]) -> Result<(), Failure> {
    let broken: usize = verified.iter().map(|file| file.counterexamples.len()).sum();
    if broken > 0 {
        let message = if broken == 1 {
            "1 thing does not hold".to_owned()
        } else {
            format!("{broken} things do not hold")
        };
        return Err(Failure::new(Kind::Failed, message).with_hint(
            "paste a counterexample into a *_test.lua file, and mend the policy until it goes another way",
        ));
    }
    match verified.iter().find(|file| !file.is_complete) {
        None => Ok(()),
        Some(file) => Err(Failure::new(
            Kind::Failed,
            format!("{}: there are more cases than the limit; nothing is proven", file.file),
        )
        .with_hint("raise the limit with --limit, or have the policy tell fewer cases apart")),
    }
}

fn document(verified: &[Verified]) -> Value {
    let example = |example: &Counterexample| {
        json!({
            "property": example.property.as_str(),
            "cause": example.cause,
            "classes": example.classes,
            "conditions": example.conditions,
            "test": example.test,
        })
    };
    let file = |file: &Verified| {
        json!({
            "file": file.file,
            "realm": file.realm,
            "proven": file.is_proven(),
            "complete": file.is_complete,
            "facts": file.facts.iter().map(|fact| fact.as_str()).collect::<Vec<_>>(),
            "openings": file.openings,
            "classes": file.classes,
            "cases": file.cases,
            "states": file.states,
            "decisions": file.decisions,
            "seconds": file.took.as_secs_f64(),
            "abstracted": abstracted(file),
            "counterexamples": file.counterexamples.iter().map(example).collect::<Vec<_>>(),
        })
    };
    json!({
        "proven": verified.iter().all(Verified::is_proven),
        "files": verified.iter().map(file).collect::<Vec<_>>(),
    })
}

fn text(verified: &[Verified], style: Style) -> String {
    let mut text = String::new();
    for file in verified {
        text += &format!("{}\n", style.bold(&plain(&file.file)));
        for property in Property::ALL {
            text += &held(file, property, style);
        }
        text += &format!(
            "  {} kinds of openings by {} facts, {} classes, {} cases, {} states, {} decisions in {:.1} s\n",
            file.openings,
            file.facts.len(),
            file.classes,
            file.cases,
            file.states,
            file.decisions,
            file.took.as_secs_f64()
        );
        for line in abstracted(file) {
            text += &format!("  {}\n", style.dim(&line));
        }
    }
    text
}

/// One property of a file, and where it does not hold.
fn held(file: &Verified, property: Property, style: Style) -> String {
    let broken: Vec<&Counterexample> =
        file.counterexamples.iter().filter(|example| example.property == property).collect();
    let word = match (broken.is_empty(), file.is_complete) {
        (false, _) => "failed",
        (true, true) => "ok",
        (true, false) => "open",
    };
    let mut text = format!("  {:<6} {}\n", style.state(word), property.in_words());
    for example in broken.iter().take(COUNTEREXAMPLES_SHOWN) {
        text += &format!("\n    {}\n", plain(&example.cause));
        let classes =
            if example.classes == 1 { "1 class".to_owned() } else { format!("{} classes", example.classes) };
        text += &format!(
            "    in {classes} of cases, such as where {}\n\n",
            plain(&example.conditions.join(", "))
        );
        text.extend(example.test.lines().map(|line| format!("    {}\n", plain(line))));
        text.push('\n');
    }
    let more = broken.len().saturating_sub(COUNTEREXAMPLES_SHOWN);
    if more > 0 {
        text += &format!("    and {more} more causes: --json has them all\n\n");
    }
    text
}

/// What was merged or left out, in words.
fn abstracted(file: &Verified) -> Vec<String> {
    let mut lines = vec![format!(
        "left out exactly: facts that nobody looks at. Merged: failures of one factor beyond {}, up to where it cannot \
         be tried any more; failures of different factors, unless the policy looks at them together",
        file.failures_told_apart
    )];
    lines.push(if file.all_dispositions {
        "ways to fail: all; those with the same answer, but for its words, are one".to_owned()
    } else {
        "ways to fail: one with and one without the loss of tries, since the policy does not look at them"
            .to_owned()
    });
    lines.push(if file.times_told_apart {
        "times: at and between the durations that the policy names, in a case too".to_owned()
    } else {
        "times: at and between the durations that the policy names; within a case by quarters of a day"
            .to_owned()
    });
    lines
}
