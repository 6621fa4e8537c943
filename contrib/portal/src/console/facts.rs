//! What is known of a recovery: what is on file (masked), what the person wrote, the plan and how its steps stand.

use maud::{Markup, html};

use super::Console;
use super::frame::{foreign, word};
use super::people::Person;
use super::plain::{Lines, plain};
use super::views::{Case, Step};
use crate::pages::parts::{self, Tone};
use crate::web::Visit;

/// The form's fields, in the order in which support reads them.
const FORM: [&str; 5] = ["name", "email", "phone", "account", "message"];

pub(super) fn draw(visit: &Visit, console: &Console, case: &Case) -> Markup {
    html! {
        (on_file(visit, case))
        (written(visit, case))
        (plan(visit, case))
        (approvals(visit, console, case))
    }
}

fn on_file(visit: &Visit, case: &Case) -> Markup {
    let is_known = case.facts.as_ref().and_then(|facts| facts.known) != Some(false);
    // What an unknown account seems to have is made up.
    let facts = case.facts.as_ref().filter(|_| is_known);
    let fact = |of: fn(&super::views::Facts) -> &Option<String>| facts.and_then(|facts| of(facts).as_deref());
    let client = case.client.as_ref();
    let ticket = case.support.as_ref().and_then(|support| support.ticket.as_deref());
    let texts = [
        ("account", case.account.as_deref()),
        ("kind", fact(|facts| &facts.kind)),
        ("realm", fact(|facts| &facts.realm)),
        ("email", fact(|facts| &facts.email)),
        ("phone", fact(|facts| &facts.phone)),
        ("device", fact(|facts| &facts.device)),
        ("ticket", ticket),
        ("address", client.and_then(|client| client.address.as_deref())),
        ("browser", client.and_then(|client| client.user_agent.as_deref())),
        ("policy", case.policy.as_deref()),
    ];
    let times = [("opened", case.opened_at), ("held", case.held_until), ("ends", case.expires_at)];
    html! {
        section aria-labelledby="facts" {
            h2 id="facts" { (visit.say("console-facts")) }
            @if !is_known {
                (parts::notice(Tone::Warning, &html! { p { (visit.say("console-decoy")) } }))
            }
            dl class="facts" {
                dt { (visit.say("console-fact-reason")) }
                dd { (word(visit, "reason", case.reason.as_deref().unwrap_or_default())) }
                @for (key, text) in texts {
                    @if let Some(text) = text.filter(|text| !text.is_empty()) {
                        dt { (visit.say(&format!("console-fact-{key}"))) }
                        dd { (foreign(text)) }
                    }
                }
                @if let Some(form) = fact(|facts| &facts.device_form) {
                    dt { (visit.say("console-fact-device-form")) }
                    dd { (word(visit, "device", form)) }
                }
                @if let Some(tasks) = case.tasks.as_ref().filter(|tasks| !tasks.is_empty()) {
                    dt { (visit.say("console-fact-tasks")) }
                    dd { @for task in tasks { (word(visit, "task", task)) br; } }
                }
                @for (key, at) in times {
                    @if let Some(at) = at.filter(|at| *at > 0) {
                        dt { (visit.say(&format!("console-fact-{key}"))) }
                        dd { (parts::time(at)) }
                    }
                }
            }
        }
    }
}

/// What the person wrote. Anybody may have written it.
fn written(visit: &Visit, case: &Case) -> Markup {
    let Some(form) = &case.form else { return html! {} };
    let problem = form.get("problem").map(String::as_str).unwrap_or_default();
    html! {
        section aria-labelledby="written" {
            h2 id="written" { (visit.say("console-form")) }
            (parts::notice(Tone::Warning, &html! { p { (visit.say("console-form-untrusted")) } }))
            blockquote class="untrusted" {
                dl class="facts" {
                    dt { (visit.say("console-field-problem")) }
                    dd { (word(visit, "problem", problem)) }
                    @for field in FORM {
                        @if let Some(text) = form.get(field).filter(|text| !text.trim().is_empty()) {
                            dt { (visit.say(&format!("console-field-{field}"))) }
                            dd {
                                @for line in plain(text, Lines::Many).split('\n') { bdi { (line) } br; }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn plan(visit: &Visit, case: &Case) -> Markup {
    let steps = case.steps.as_deref().unwrap_or_default();
    html! {
        section aria-labelledby="plan" {
            h2 id="plan" { (visit.say("console-plan")) }
            @match &case.plan {
                Some(plan) => p { code { (plan) } },
                None => p { (visit.say("console-no-plan")) },
            }
            @if !steps.is_empty() {
                table class="queue" {
                    caption class="visually-hidden" { (visit.say("console-plan")) }
                    thead {
                        tr {
                            @for key in ["factor", "state", "to", "last", "tries"] {
                                th scope="col" { (visit.say(&format!("console-column-{key}"))) }
                            }
                        }
                    }
                    tbody { @for one in steps { (step(visit, one)) } }
                }
            }
        }
    }
}

fn step(visit: &Visit, step: &Step) -> Markup {
    let of = |text: &Option<String>| text.clone().unwrap_or_default();
    let label = |key: &str| visit.say(&format!("console-column-{key}"));
    html! {
        tr {
            td data-label=(label("factor")) { (word(visit, "factor", &of(&step.factor))) }
            td data-label=(label("state")) { (word(visit, "step", &of(&step.state))) }
            td data-label=(label("to")) { (foreign(&of(&step.hint))) }
            td data-label=(label("last")) { (word(visit, "disposition", &of(&step.disposition))) }
            td data-label=(label("tries")) { @if let Some(left) = step.tries_left { (left) } }
        }
    }
}

fn approvals(visit: &Visit, console: &Console, case: &Case) -> Markup {
    let given = case.approvals.as_deref().unwrap_or_default();
    let needed = case.approvals_needed.unwrap_or_default();
    if needed == 0 && given.is_empty() {
        return html! {};
    }
    let counts = [("given", given.len().to_string()), ("needed", needed.to_string())];
    let counts: Vec<(&str, &str)> = counts.iter().map(|(key, count)| (*key, count.as_str())).collect();
    html! {
        section aria-labelledby="approvals" {
            h2 id="approvals" { (visit.say("console-approvals")) }
            p { (visit.say_with("console-approvals-given", &counts)) }
            ul {
                @for actor in given {
                    li {
                        (who(actor))
                        @if *actor == console.officer.actor() { " " (visit.say("console-you")) }
                    }
                }
            }
        }
    }
}

/// Who acted, as a person reads it.
pub(super) fn who(actor: &str) -> String {
    Person::of_actor(actor).map_or_else(|| plain(actor, Lines::One), |person| person.to_string())
}
