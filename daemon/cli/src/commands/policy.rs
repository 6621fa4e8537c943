//! `readmit policy`: the rules, as files on a desk and as the daemon has them. One file a verb.
//!
//! Verbs that take a directory need no daemon.

mod activate;
mod changes;
mod check;
mod diff;
mod explain;
mod export;
mod graph;
mod list;
mod mutate;
mod readiness;
mod reload;
mod replay;
mod rollback;
mod set;
mod shadow;
mod share;
mod test;
mod verify;

use clap::{Args, Subcommand};

use crate::context::Context;
use crate::failure::Failure;

const EXAMPLES: &str = "\
Examples:
  readmit policy test                              journeys of your own through the rules, without a daemon
  readmit policy verify                            every case there can be, and what does not hold
  readmit policy check policies                    everything that can be known without running a case
  readmit policy list
  readmit policy explain alice --reason lost       what would have to be proven, and why
  readmit policy readiness                         who has no way back, before they need one
  readmit policy shadow ./new-policies             asks a candidate too, and shows where it differs
  readmit policy export --since 30d -o log.jsonl   the decision log, for replay
  readmit policy reload                            loads all files, or refuses and keeps the old ones
  readmit policy replay ./policies --since 30d     what a candidate would have decided otherwise
  readmit policy rollback 3f9a1c                   the rules as they were, at once
  readmit policy mutate                            which mistakes would no test notice?
  readmit policy diff OLD NEW                      which cases two sets decide otherwise
  readmit policy graph -o journeys.svg             the journeys as a picture

Every verb explains itself and its JSON: readmit policy VERB --help";

/// Write, test, verify, compare and load the policies
#[derive(Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true)]
pub struct Policy {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    Check(check::Check),
    List(list::List),
    Reload(reload::Reload),
    Activate(activate::Activate),
    Rollback(rollback::Rollback),
    Explain(explain::Explain),
    Test(test::Test),
    Verify(verify::Verify),
    Replay(replay::ReplayLog),
    Mutate(mutate::Mutate),
    Export(export::Export),
    Readiness(readiness::Readiness),
    Shadow(shadow::Shadow),
    Diff(diff::DiffSets),
    Graph(graph::Graph),
}

/// Runs the verb.
pub async fn run(policy: Policy, context: &mut Context) -> Result<(), Failure> {
    match policy.verb {
        Verb::Check(verb) => check::run(verb, context).await,
        Verb::List(verb) => list::run(verb, context).await,
        Verb::Reload(verb) => reload::run(verb, context).await,
        Verb::Activate(verb) => activate::run(verb, context).await,
        Verb::Rollback(verb) => rollback::run(verb, context).await,
        Verb::Explain(verb) => explain::run(verb, context).await,
        Verb::Test(verb) => test::run(verb, context).await,
        Verb::Verify(verb) => verify::run(verb, context).await,
        Verb::Replay(verb) => replay::run(verb, context).await,
        Verb::Mutate(verb) => mutate::run(verb, context).await,
        Verb::Export(verb) => export::run(verb, context).await,
        Verb::Readiness(verb) => readiness::run(verb, context).await,
        Verb::Shadow(verb) => shadow::run(verb, context).await,
        Verb::Diff(verb) => diff::run(verb, context).await,
        Verb::Graph(verb) => graph::run(verb, context).await,
    }
}
