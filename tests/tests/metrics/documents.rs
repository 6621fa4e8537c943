//! What is written about the meters is so: the list of families, the runbooks, the dashboard, the rules.

use std::collections::BTreeSet;

use readmit_tests::program;

use super::kit::{OPEN_METRICS, Scrape, project, scrape};
use super::life::lived;
use super::prometheus::dashboard;

fn file(path: &str) -> String {
    std::fs::read_to_string(project(path)).unwrap()
}

/// The names of families in a text, as samples have them, without what histograms add.
fn named(text: &str) -> BTreeSet<String> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let starts = text.match_indices("readmit_").filter(|(at, _)| !text[..*at].ends_with(fits));
    let names = starts.map(|(at, _)| text[at..].split(|c| !fits(c)).next().unwrap_or_default());
    let plain = |name: &str| {
        let family = ["_bucket", "_count", "_sum"].iter().find_map(|part| name.strip_suffix(part));
        family.filter(|family| !family.is_empty()).unwrap_or(name).to_owned()
    };
    names.map(plain).collect()
}

#[tokio::test]
async fn every_family_is_described_and_everything_that_is_named_is_there() {
    let (_world, address, _) = lived().await;
    let scrape = Scrape::read(&scrape(&address, OPEN_METRICS).await);
    let there: BTreeSet<String> =
        scrape
            .families
            .iter()
            .map(|family| {
                if family.kind == "counter" { format!("{}_total", family.name) } else { family.name.clone() }
            })
            .collect();
    let readme = file("contrib/prometheus/README.md");
    let rows: Vec<Vec<&str>> = readme
        .lines()
        .filter(|line| line.starts_with("| `readmit_"))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    let described: BTreeSet<String> = rows.iter().map(|row| row[0].trim_matches('`').to_owned()).collect();
    assert_eq!(described, there, "the table of contrib/prometheus/README.md and a scrape");
    for family in &scrape.families {
        let name =
            if family.kind == "counter" { format!("{}_total", family.name) } else { family.name.clone() };
        let row = rows.iter().find(|row| row[0].trim_matches('`') == name).unwrap();
        let labels: BTreeSet<&str> =
            family.samples.iter().flat_map(|one| one.labels.keys()).map(String::as_str).collect();
        let labels: Vec<&str> = labels.into_iter().filter(|label| *label != "le").collect();
        let told = |text: &str| {
            text.split(", ").map(|label| label.trim_matches('`').to_owned()).collect::<BTreeSet<_>>()
        };
        let wanted = if labels.is_empty() { "–".to_owned() } else { labels.join(", ") };
        assert_eq!(
            (row[1], told(row[2]), row[3]),
            (&*family.kind, told(&wanted), if family.unit.is_empty() { "–" } else { &family.unit }),
            "{name}"
        );
        assert_eq!(row[4], family.help.trim_end_matches('.'), "{name}");
    }
    let mut used: BTreeSet<String> = dashboard().iter().flat_map(|expression| named(expression)).collect();
    used.extend(named(&file("contrib/prometheus/readmit.rules.yml")));
    used.extend(named(&file("contrib/prometheus/readmit.rules.test.yml")));
    let unknown: Vec<&String> = used.difference(&there).collect();
    assert!(used.len() > 30 && unknown.is_empty(), "{unknown:?} is asked for, and is not there");
}

#[test]
fn every_alert_has_a_runbook_and_a_test_and_every_runbook_is_an_alerts() {
    let rules = file("contrib/prometheus/readmit.rules.yml");
    let alerts: Vec<&str> = rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    let runbooks: Vec<&str> =
        rules.lines().filter_map(|line| line.trim().strip_prefix("runbook: ")).collect();
    let wanted: Vec<String> =
        alerts.iter().map(|alert| format!("contrib/prometheus/README.md#{}", alert.to_lowercase())).collect();
    assert_eq!(runbooks, wanted);
    let readme = file("contrib/prometheus/README.md");
    let sections: Vec<&str> = readme.lines().filter_map(|line| line.strip_prefix("### ")).collect();
    assert_eq!(sections, alerts);
    let tests = file("contrib/prometheus/readmit.rules.test.yml");
    for alert in alerts {
        assert!(tests.contains(&format!("{{alertname=\"{alert}\"}}")), "{alert} is not tested");
    }
}

#[test]
fn every_command_of_a_runbook_is_understood() {
    let readme = file("contrib/prometheus/README.md");
    let lines: Vec<&str> = readme.lines().filter_map(|line| line.strip_prefix("    readmit ")).collect();
    assert!(lines.len() > 10, "{lines:?}");
    for line in lines {
        let line = line.split(" #").next().unwrap_or(line);
        // Words before `--help` are read first: an unknown verb or option is refused.
        let script = format!("\"{}\" {line} --help", program("readmit").display());
        let ended = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
        assert!(ended.status.success(), "{line}\n{}", String::from_utf8_lossy(&ended.stderr));
    }
}

#[test]
fn the_dashboard_asks_its_own_source_and_says_what_it_shows() {
    let dashboard: serde_json::Value = serde_json::from_str(&file("contrib/grafana/readmit.json")).unwrap();
    assert!(dashboard["id"].is_null() && dashboard["uid"] == "readmit", "ready to import");
    assert_eq!(dashboard["templating"]["list"][0]["type"], "datasource");
    let panels = dashboard["panels"].as_array().unwrap();
    let (mut ids, mut titles) = (BTreeSet::new(), BTreeSet::new());
    for panel in panels {
        let title = panel["title"].as_str().unwrap();
        assert!(ids.insert(panel["id"].as_u64().unwrap()) && titles.insert(title), "{title} is there twice");
        if panel["type"] == "row" {
            continue;
        }
        assert_eq!(panel["datasource"]["uid"], "${source}", "{title}");
        assert!(!panel["description"].as_str().unwrap_or_default().is_empty(), "{title} is explained");
        assert!(!panel["targets"].as_array().unwrap().is_empty(), "{title}");
    }
}
