//! `readmit plugin`: the programs that send messages and make calls.

use clap::{Args, Subcommand};
use serde_json::Value;

use super::done;
use crate::bus::value::{object, objects};
use crate::context::Context;
use crate::failure::{Failure, Hint as _, Kind};
use crate::output::{Style, number, word};
use crate::table::Table;
use crate::time::stamp;

const EXAMPLES: &str = "\
Examples:
  readmit plugin list
  readmit plugin test email you@example.org        sends a test message
  readmit plugin test voice +14155550123           makes a test call
  readmit plugin probe email                       connects and logs in, and sends nothing
  readmit plugin restart voice
  readmit plugin pause voice --because 'calls that nobody made'   stops every call, at once
  readmit plugin resume voice

JSON: list: [{plugin, version, channels, state, restarts, since, last_error}]; test: {disposition, detail}; \
probe: {supported, ok, steps: [{name, ok, detail}]}; \
restart: {done, plugin}; pause, resume: {done, channel}. A test that does not arrive, or a probe that fails, ends with exit code 1.";

/// See and test the plugins
#[derive(Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true)]
pub struct Plugin {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// List the plugins and how they are
    List,
    /// Send a test message or make a test call
    Test {
        /// The plugin
        plugin: String,
        /// An e-mail address or a phone number of your own
        address: String,
    },
    /// Try whether a plugin's other side can be reached, without sending anything
    Probe {
        /// The plugin
        plugin: String,
    },
    /// Start a plugin anew
    Restart {
        /// The plugin
        plugin: String,
    },
    /// Stop every call or message at once, tests too, until somebody resumes them
    ///
    /// What is under way is called off. Messages wait; whoever needs a call is told that it could not be placed, and
    /// the policy says how they go on. A restart of the daemon changes nothing about it.
    Pause {
        /// The channel, as voice or email
        channel: String,
        /// Why, for whoever finds it stopped
        #[arg(long, value_name = "TEXT")]
        because: String,
    },
    /// Let calls or messages go on
    Resume {
        /// The channel, as voice or email
        channel: String,
    },
}

const UNKNOWN: &str = "readmit plugin list shows the plugins";

/// Runs the verb.
pub async fn run(plugin: Plugin, context: &mut Context) -> Result<(), Failure> {
    let plugins = context.plugins().await?;
    match plugin.verb {
        Verb::List => {
            let found = objects(&plugins.list().await?);
            context.output.answer(&found, |style| table(&found).text(style))
        }
        Verb::Test { plugin, address } => {
            let tested = object(&plugins.test(&plugin, &address).await.hint(Kind::NotFound, UNKNOWN)?);
            let disposition = word(&tested, "disposition");
            context.output.answer(&tested, |style| {
                format!("{plugin}: {} ({})\n", style.state(&disposition), word(&tested, "detail"))
            })?;
            if matches!(disposition.as_str(), "sent" | "entered") {
                return Ok(());
            }
            Err(Failure::new(Kind::Failed, format!("the test ended with {disposition}")).with_hint(
                "readmit plugin list shows the plugin's last error; its settings are in readmit.toml",
            ))
        }
        Verb::Probe { plugin } => {
            let probed = object(&plugins.probe(&plugin).await.hint(Kind::NotFound, UNKNOWN)?);
            context.output.answer(&probed, |style| steps(&plugin, &probed, style))?;
            if probed["ok"] == true {
                return Ok(());
            }
            Err(Failure::new(Kind::Failed, format!("{plugin} does not reach its other side")).with_hint(
                "its settings are in readmit.toml; readmit doctor says more about what is around it",
            ))
        }
        Verb::Restart { plugin } => {
            plugins.restart(&plugin).await.hint(Kind::NotFound, UNKNOWN)?;
            context.output.answer(&done("plugin", &plugin), |_| {
                format!("Plugin {plugin} is starting anew. How it is: readmit plugin list\n")
            })
        }
        Verb::Pause { channel, because } => {
            plugins.pause(&channel, &because).await?;
            context.output.answer(&done("channel", &channel), |_| {
                format!("Nothing is delivered on {channel}. To go on: readmit plugin resume {channel}\n")
            })
        }
        Verb::Resume { channel } => {
            plugins.resume(&channel).await?;
            context.output.answer(&done("channel", &channel), |_| format!("{channel} goes on.\n"))
        }
    }
}

fn steps(plugin: &str, probed: &Value, style: Style) -> String {
    if probed["supported"] == false {
        return format!("{plugin}: cannot be asked; readmit plugin test {plugin} ADDRESS sends something\n");
    }
    let mut table = Table::new(&["STEP", "STATE", "WHAT"], "Nothing was tried.");
    for step in probed["steps"].as_array().into_iter().flatten() {
        let state = if step["ok"] == true { "ok" } else { "failed" };
        table.row(vec![word(step, "name"), state.to_owned(), word(step, "detail")]);
    }
    table.text(style)
}

/// The plugins as a table.
pub fn table(plugins: &Value) -> Table {
    let nothing = "No plugin. Name some in readmit.toml under [plugins.NAME]";
    let mut table =
        Table::new(&["PLUGIN", "VERSION", "CHANNELS", "STATE", "SINCE", "RESTARTS", "LAST ERROR"], nothing);
    for plugin in plugins.as_array().into_iter().flatten() {
        let mut row: Vec<String> =
            ["plugin", "version", "channels", "state"].iter().map(|key| word(plugin, key)).collect();
        row.push(stamp(number(plugin, "since")));
        row.extend(["restarts", "last_error"].iter().map(|key| word(plugin, key)));
        table.row(row);
    }
    table
}
