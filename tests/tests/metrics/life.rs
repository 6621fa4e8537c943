//! A day in the life of a daemon, and what is counted of it. Nothing that is a person's is in it.

use readmit_tests::{PASSWORD, World, code_at};
use serde_json::json;

use super::kit::{Family, OPEN_METRICS, Scrape, metered, scrape};

/// What was a person's, or secret, on that day.
pub type Personal = Vec<(&'static str, String)>;

/// A sample's name, some of its labels, and the sum of all samples that have them.
type Counted = (&'static str, &'static [(&'static str, &'static str)], f64);

/// Everything once: a recovery to its end, a veto, an escalation, wrong proofs, limits, sign-ins, an unknown account,
/// policies that are refused, a look through the journal.
pub async fn lived() -> (World, String, Personal) {
    lived_with("").await
}

/// The same, with more in the configuration.
pub async fn lived_with(more: &str) -> (World, String, Personal) {
    let (builder, address) = metered();
    let builder = builder.config(more);
    let limits = "[limits]\nopen_per_address_per_hour = 4\n";
    let mut world = builder.config(limits).phone("silent").log("debug,zbus=warn").start().await;
    let alice = world.person("alice.lidell").await;
    let account = alice.account.as_str();
    let signed_in = alice.code(world.now(), 0);
    assert_eq!(world.desk.verify(account, &signed_in).await, "accepted");
    assert_eq!(world.desk.verify(account, &signed_in).await, "rejected");

    let stopped = world.desk.open(account, "stolen").await;
    stopped.prove_password().await;
    stopped.start("email").await.unwrap();
    stopped.until_step("email", "sent").await;
    for _ in 0..5 {
        stopped.submit("email", &["000000"]).await.unwrap();
    }
    let notice = world.mailbox.mail(&alice.email, "is it you").await;
    world.desk.texts("Recovery1", "Veto", &[&notice.token("veto")]).await.unwrap();

    let case = world.desk.open(account, "lost").await;
    case.submit("password", &["a wrong horse, a wrong staple"]).await.unwrap();
    case.prove_password().await;
    case.start("email").await.unwrap();
    let mail = world.mailbox.mail(&alice.email, "is it you").await;
    case.prove("email", &[&mail.code()]).await;
    let digits = case.start("voice").await.unwrap()["code"].as_str().unwrap().to_owned();
    world.phone().talk().await;
    world.phone().press(&digits).await;
    case.until_state("recovered").await;
    world.phone().wait_for("ended").await;
    world.mailbox.mail(&alice.email, "was recovered").await;
    case.claim().await.unwrap();
    let secret = case.begin_enrollment("new phone").await.unwrap()["secret"].as_str().unwrap().to_owned();
    let now = world.now();
    case.confirm_enrollment(&code_at(&secret, now, 0), &code_at(&secret, now, 1)).await.unwrap();
    case.change_password("another horse, another staple").await.unwrap();

    let escalated = world.desk.open(account, "damaged").await;
    let form = json!({ "problem": "other", "name": "Alice Lidell", "phone": "+14155550188" });
    escalated.escalate(form).await.unwrap();
    world.mailbox.mail("support@example.org", "Alice Lidell").await;
    let nobody = world.desk.open("nobody.at.all", "lost").await;
    let refused = world.desk.try_open(account, "lost", json!({ "address": "192.0.2.7" })).await;
    assert_eq!(refused.err().unwrap().name, "RateLimited");

    world.write_policy("default", "return nothing that is a policy");
    world.desk.ask("Policies1", "Reload", &()).await.unwrap_err();
    world.desk.ask("Audit1", "Verify", &()).await.unwrap();

    let personal = vec![
        ("an account", account.to_owned()),
        ("an unknown account", "nobody.at.all".to_owned()),
        ("an address", alice.email.clone()),
        ("a part of an address", "mailbox@people".to_owned()),
        ("a number", alice.phone.trim_start_matches('+').to_owned()),
        ("a number in a form", "14155550188".to_owned()),
        ("a name in a form", "Lidell".to_owned()),
        ("a network address", "192.0.2.7".to_owned()),
        ("a password", PASSWORD.to_owned()),
        ("a device", alice.device.clone()),
        ("a device's secret", alice.secret.clone()),
        ("a new device's secret", secret),
        ("a case", case.id.clone()),
        ("a stopped case", stopped.id),
        ("an escalated case", escalated.id),
        ("a pretended case", nobody.id),
        ("a link's token", mail.token("link")),
        ("a veto's token", notice.token("veto")),
    ];
    (world, address, personal)
}

#[tokio::test]
async fn what_happened_is_counted_and_nothing_of_it_is_a_persons() {
    let (world, address, personal) = lived().await;
    let text = scrape(&address, OPEN_METRICS).await;
    let old = scrape(&address, "").await;
    for (what, secret) in &personal {
        assert!(!text.contains(secret) && !old.contains(secret), "{what} is in a scrape:\n{text}");
    }
    let scrape = Scrape::read(&text);
    let counted: &[Counted] = &[
        ("readmit_cases_opened_total", &[], 4.0),
        ("readmit_cases_opened_total", &[("reason", "stolen")], 1.0),
        ("readmit_cases_ended_total", &[("state", "completed"), ("reason", "lost")], 1.0),
        ("readmit_cases_ended_total", &[("state", "vetoed"), ("reason", "stolen")], 1.0),
        ("readmit_cases_ended_total", &[], 2.0),
        ("readmit_cases", &[("state", "escalated"), ("reason", "damaged")], 1.0),
        ("readmit_cases", &[("state", "proving"), ("reason", "lost")], 1.0),
        ("readmit_cases", &[], 2.0),
        ("readmit_proofs_total", &[("factor", "password"), ("result", "wrong")], 1.0),
        ("readmit_factor_failures_total", &[("factor", "email"), ("disposition", "wrong_code")], 1.0),
        ("readmit_proofs_total", &[("factor", "email"), ("result", "wrong")], 5.0),
        ("readmit_proofs_total", &[("result", "right")], 4.0),
        (
            "readmit_deliveries_total",
            &[("channel", "voice"), ("plugin", "voice"), ("disposition", "entered")],
            1.0,
        ),
        ("readmit_phone_deliveries_total", &[("country", "US")], 1.0),
        ("readmit_decisions_total", &[("hook", "recovered"), ("verdict", "outcome")], 1.0),
        ("readmit_decision_duration_seconds_count", &[("hook", "open")], 5.0),
        ("readmit_sign_ins_total", &[("method", "code"), ("result", "accepted")], 1.0),
        ("readmit_sign_ins_total", &[("method", "code"), ("result", "rejected")], 1.0),
        ("readmit_limits_hit_total", &[("limit", "opens_per_address")], 1.0),
        ("readmit_alerts_total", &[("kind", "vetoed")], 1.0),
        ("readmit_policy_changes_total", &[("result", "refused")], 1.0),
        ("readmit_policy_refused", &[], 1.0),
        ("readmit_policy_info", &[], 1.0),
        ("readmit_bus_calls_total", &[("interface", "Recovery1"), ("member", "Open"), ("result", "ok")], 4.0),
        ("readmit_bus_calls_total", &[("member", "Open"), ("result", "rate_limited")], 1.0),
        (
            "readmit_bus_calls_total",
            &[("interface", "Policies1"), ("member", "Reload"), ("result", "refused")],
            1.0,
        ),
        ("readmit_plugin_up", &[], 2.0),
        ("readmit_plugin_restarts_total", &[], 0.0),
        ("readmit_store_readable", &[], 1.0),
        ("readmit_journal_broken", &[], 0.0),
        ("readmit_store_commits_failed_total", &[], 0.0),
    ];
    for (name, labels, wanted) in counted {
        let is = scrape.value(name, labels);
        assert!((is - wanted).abs() < f64::EPSILON, "{name} {labels:?} is {is}, not {wanted}:\n{text}");
    }
    let some = [
        "readmit_phone_answered_seconds_total",
        "readmit_store_commit_duration_seconds_count",
        "readmit_store_commit_changes_sum",
        "readmit_store_size_bytes",
        "readmit_store_free_bytes",
        "readmit_journal_entries",
        "readmit_journal_verified_timestamp_seconds",
        "readmit_start_timestamp_seconds",
        "readmit_resident_memory_bytes",
        "readmit_cpu_seconds_total",
    ];
    for name in some {
        assert!(scrape.value(name, &[]) > 0.0, "{name}:\n{text}");
    }
    let journal = world.desk.ask("Audit1", "Verify", &()).await.unwrap();
    assert!(journal["ok"].as_bool().unwrap() && journal["rows"].as_f64().unwrap() > 10.0, "{journal}");
    for family in &scrape.families {
        let series = family.samples.len();
        assert!(series < 1000, "{} has {series} samples", family.name);
    }
}

/// What outsiders choose makes no series.
#[tokio::test]
async fn strangers_make_no_series() {
    let (builder, address) = metered();
    let world = builder.start().await;
    // How things stand is looked at every few seconds only.
    let counts = |family: &&Family| !["readmit_cases", "readmit_outbox_deliveries"].contains(&&*family.name);
    let count = async || {
        let families = Scrape::read(&scrape(&address, OPEN_METRICS).await).families;
        families.iter().filter(counts).map(|family| family.samples.len()).sum::<usize>()
    };
    let stranger = async |number: u32| {
        let account = format!("stranger{number}");
        let _ = world.desk.try_open(&account, "lost", json!({})).await;
        let _ = world.desk.try_open(&account, &format!("reason{number}"), json!({})).await;
        let _ =
            world.desk.texts("Authentication1", "Verify", &[&format!("stranger{number}"), "000000"]).await;
        let _ = world.desk.texts("Recovery1", "Submit", &[&format!("case{number}"), "factor", "proof"]).await;
    };
    stranger(0).await;
    let before = count().await;
    for number in 1..20 {
        stranger(number).await;
    }
    assert_eq!(count().await, before);
}
