//! `readmit doctor`: tries everything that a recovery needs, and says how to mend what does not work.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::context::Context;
use crate::doctor::{Findings, Level, clock, configuration, daemon, files, heads, plugins, polkit, unit};
use crate::failure::{Failure, Kind};
use crate::work::Bar;

const EXAMPLES: &str = "\
Examples:
  sudo readmit doctor
  sudo readmit doctor --json | jq '.findings[] | select(.level == \"failure\")'
  readmit doctor --config ./readmit.toml --bus session

It looks at the configuration, the bus and its policy, polkit, files and who may reach them, secrets, the clock, room on \
the disk, the unit, the plugins (each connects and logs in, and sends nothing), the policies, whether people would have a \
way back, and the whole journal, with what is known of it outside the database: the anchor, and heads in the system's \
journal. What it may not see it says; as root it sees all.

JSON: {ok, worst, findings: [{check, level, what, mend}]}; level is ok, note, warning or failure. Exit code 0 if all is \
well, 1 if something does not work, 8 if something should only be looked at.";

/// Try everything, and say how to mend what does not work
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Doctor {
    /// The configuration of the daemon [default: /etc/readmit/readmit.toml]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Runs the verb.
pub async fn run(doctor: Doctor, context: &mut Context) -> Result<(), Failure> {
    let findings = look(&doctor, context).await?;
    context.output.answer(&findings.json(), |style| findings.text(style))?;
    match findings.worst() {
        Level::Ok | Level::Note => Ok(()),
        Level::Warning => {
            Err(told(Kind::Warned, findings.count(Level::Warning), "somebody should look at this"))
        }
        Level::Failure => Err(told(Kind::Failed, findings.count(Level::Failure), "this does not work")),
    }
}

fn told(kind: Kind, count: usize, what: &str) -> Failure {
    let noun = if count == 1 { "finding" } else { "findings" };
    Failure::new(kind, format!("{count} {noun}: {what}")).with_hint("the arrows say what mends each")
}

async fn look(doctor: &Doctor, context: &mut Context) -> Result<Findings, Failure> {
    let mut findings = Findings::default();
    let bar = Bar::new("doctor");
    let pen = bar.pen();
    pen.tell("configuration");
    let config = configuration::check(doctor.config.as_deref(), &mut findings).await;
    pen.tell("bus");
    let is_running = daemon::reach(context, &mut findings).await;
    if let Some(config) = &config {
        let file = doctor.config.as_deref().unwrap_or(Path::new("/etc/readmit/readmit.toml"));
        files::check(config, file, is_running, &mut findings);
    }
    let known = heads::look(config.as_ref(), doctor.config.is_none()).await?;
    if let (Some(config), false) = (&config, is_running) {
        let database = config["store"]["path"].as_str().map(Path::new).unwrap_or(Path::new("/"));
        known.without_daemon(database, &mut findings);
    }
    if let Ok(connection) = context.connection().await {
        let connection = connection.clone();
        pen.tell("polkit, clock and unit");
        polkit::check(&connection, &mut findings).await;
        clock::check(&connection, &mut findings).await;
        unit::check(&connection, &mut findings).await;
    }
    if is_running && let Some(status) = daemon::status(context, &mut findings).await {
        clock::compare(status["now"].as_u64().unwrap_or(0), &mut findings);
        plugins::check(&status, context, &pen, &mut findings).await?;
        daemon::readiness(context, &pen, &mut findings).await?;
        pen.tell("the journal");
        daemon::journal(context, &known, &mut findings).await?;
    }
    Ok(findings)
}
