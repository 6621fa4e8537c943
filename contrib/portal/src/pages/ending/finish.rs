//! `/case/finish`: what is left to do, as a short list.

use maud::{Markup, html};

use super::stand::{How, Stand, Task, Way};
use super::{Elsewhere, say_time};
use crate::pages::parts::{self, Tone};
use crate::pages::shell;
use crate::web::{Page, Visit};

pub(super) async fn show(visit: Visit) -> Result<Page, Elsewhere> {
    let stand = Stand::of(visit).await?;
    let visit = &stand.visit;
    let Some(next) = stand.next() else {
        let there = matches!(stand.way, Way::There(_)) && stand.token().is_some();
        return Ok(visit.go_to(if there { "/case/continue" } else { "/case/summary" }));
    };
    let signed_in = !stand.is_left("sign_in");
    let title = visit.say(if signed_in { "finish-title-more" } else { "finish-title" });
    let content = html! {
        h1 { (title) }
        @if !signed_in {
            (parts::notice(Tone::Success, &html! { p { (visit.say("finish-proven")) } }))
        }
        p { (visit.say("finish-intro")) }
        ol class="steps" role="list" {
            @for (task, how) in stand.tasks() { (draw(&stand, task, how)) }
        }
        (go_on(&stand, next))
        (may_wait(&stand, next))
        p { a href="/case/summary" { (visit.say("finish-summary")) } }
    };
    Ok(visit.page(&title, &content))
}

fn draw(stand: &Stand, task: Task, how: How) -> Markup {
    let visit = &stand.visit;
    let (class, state) = match how {
        How::Done => ("step proven", "finish-done"),
        How::Next => ("step open", "finish-next"),
        How::Later => ("step waiting", "finish-later"),
    };
    let current = (how == How::Next).then_some("step");
    let why = match task {
        Task::SignIn if matches!(stand.way, Way::There(_)) => "finish-task-continue-why",
        Task::SignIn if stand.is_deactivated() => "finish-task-sign-in-why",
        Task::SignIn => "finish-task-sign-in-kept",
        Task::Codes => "finish-task-codes-why",
        Task::Password => "finish-task-password-why",
        Task::Device => "finish-task-device-why",
    };
    html! {
        li class=(class) aria-current=[current] {
            h2 { (name(stand, task)) " " span class="badge" { (visit.say(state)) } }
            @if how != How::Done { div class="step-body" { p { (visit.say(why)) } } }
        }
    }
}

fn name(stand: &Stand, task: Task) -> String {
    match (task, &stand.way) {
        (Task::SignIn, Way::There(from)) => {
            stand.visit.say_with("finish-task-continue", &[("name", &from.name)])
        }
        (Task::SignIn, Way::AsUsual) => stand.visit.say("finish-task-as-usual"),
        _ => stand.visit.say(&format!("finish-task-{}", task.key())),
    }
}

/// The way to what is next.
fn go_on(stand: &Stand, next: Task) -> Markup {
    let visit = &stand.visit;
    let link =
        |path: &str, key: &str| html! { p { a class="button primary" href=(path) { (visit.say(key)) } } };
    match (next, &stand.way) {
        (Task::SignIn, Way::There(_)) => {
            shell::form(visit, "/case/continue", &parts::primary(&visit.say("finish-go-continue")))
        }
        (Task::SignIn, Way::Here) => {
            shell::form(visit, "/case/claim", &parts::primary(&visit.say("finish-go-sign-in")))
        }
        (Task::SignIn, Way::AsUsual) => {
            shell::form(visit, "/case/claim", &parts::primary(&visit.say("finish-go-as-usual")))
        }
        (Task::Codes, _) => link("/case/codes", "finish-go-codes"),
        (Task::Password, _) => link("/case/password", "finish-go-password"),
        (Task::Device, _) => link("/case/device", "finish-go-device"),
    }
}

/// A new device may be set up later, as long as the policy gives time.
fn may_wait(stand: &Stand, next: Task) -> Markup {
    let visit = &stand.visit;
    let (Task::Device, Some(until)) = (next, stand.case.expires_at) else { return Markup::default() };
    html! {
        p { (say_time(visit, "finish-device-until", until)) }
        @if matches!(stand.way, Way::There(_)) && stand.is_left("sign_in") {
            (shell::form(visit, "/case/continue", &parts::secondary(&visit.say("finish-go-without"))))
        }
    }
}
