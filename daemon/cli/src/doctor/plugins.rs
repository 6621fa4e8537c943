//! The plugins, and whether they reach the world: each tries its own way, since the daemon has no network.

use serde_json::Value;

use super::Findings;
use crate::bus::value::object;
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::output::word;
use crate::work::Pen;

/// Has every plugin try its way.
pub async fn check(
    status: &Value,
    context: &mut Context,
    pen: &Pen,
    findings: &mut Findings,
) -> Result<(), Failure> {
    let plugins = context.plugins().await?;
    let all = status["plugins"].as_array().map_or(&[][..], Vec::as_slice);
    for channel in ["email", "voice"] {
        let serves =
            |plugin: &Value| plugin["channels"].as_array().is_some_and(|all| all.contains(&channel.into()));
        if !all.iter().any(serves) {
            let mend = "name one under [plugins.NAME] in readmit.toml, and restart readmitd";
            findings.warning("plugins", format!("none serves the channel {channel}"), mend);
        }
    }
    for plugin in all {
        let name = word(plugin, "plugin");
        let check = format!("plugin {name}");
        if plugin["state"] != "running" {
            let what = format!("is {}: {}", word(plugin, "state"), word(plugin, "last_error"));
            findings.failure(
                &check,
                what,
                &format!("mend what it says, then: readmit plugin restart {name}"),
            );
            continue;
        }
        pen.tell(&format!("{name} tries its way"));
        match plugins.probe(&name).await.map_err(Failure::from) {
            Ok(probed) => probe(&check, &object(&probed), findings),
            Err(failure) if failure.kind == Kind::NotAuthorized => {
                findings.note(&check, "runs; you may not have it tried", "run readmit doctor as root");
            }
            Err(failure) => findings.failure(&check, failure.message.clone(), failure.hint()),
        }
    }
    Ok(())
}

fn probe(check: &str, probed: &Value, findings: &mut Findings) {
    if probed["supported"] == false {
        return findings.note(
            check,
            "runs; it cannot try its way by itself",
            "readmit plugin test sends something",
        );
    }
    let steps = probed["steps"].as_array().map_or(&[][..], Vec::as_slice);
    if let Some(step) = steps.iter().find(|step| step["ok"] != true) {
        let name = word(step, "name");
        return findings.failure(check, format!("{name}: {}", word(step, "detail")), mend(&name));
    }
    let told: Vec<String> = steps.iter().map(|step| word(step, "name")).collect();
    let last = steps.last().map(|step| word(step, "detail")).unwrap_or_default();
    findings.ok(check, format!("reaches its other side ({}: {last})", told.join(", ")));
}

fn mend(step: &str) -> &'static str {
    match step {
        "dns" => "correct the name in the plugin's settings, or mend the name service: resolvectl query NAME",
        "connect" => {
            "correct server or trunk in the plugin's settings, or open the way there; is the other side up?"
        }
        "tls" => {
            "the certificate must fit the name in `server` or `trunk`: correct it, or name the authority in ca_file"
        }
        "login" => "correct username and password_file in the plugin's settings",
        "options" => {
            "correct trunk in the plugin's settings, or open the way to it; does the provider know our address?"
        }
        _ => "readmit plugin list shows its last error; its settings are in readmit.toml",
    }
}
