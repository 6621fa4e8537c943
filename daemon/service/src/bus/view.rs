//! What a person sees of a case, as dictionaries.

use readmit_recovery::case::{Case, Enrollment, State, StepView, Task, View};
use readmit_recovery::factor::Factor;
use readmit_recovery::limits::TRIES_PER_CHALLENGE;
use readmit_recovery::secret::Secret;
use readmit_recovery::time::Timestamp;
use readmit_recovery::verdict::{DeviceFate, Outcome};

use super::dict::{Dict, Out};
use crate::service::Settings;

pub(super) fn case(case: &Case, view: &View, settings: &Settings) -> Dict {
    let steps: Vec<Dict> = view.steps.iter().map(|one| step(one, settings)).collect();
    Out::new()
        .put("state", view.state)
        .put("message", view.message)
        .put("account", case.account.as_str())
        .put("reason", case.reason.as_str())
        .put("opened_at", case.opened_at.unix())
        .put("expires_at", view.expires_at.unix())
        .put("steps", steps)
        .put("steps_left", u32::try_from(view.steps_left).unwrap_or(u32::MAX))
        .put("tasks", tasks(view.tasks.iter()))
        .put("outcome", view.outcome.as_ref().map(outcome).unwrap_or_default())
        .maybe("held_until", view.held_until.map(Timestamp::unix))
        .put("support", support(view, settings))
        .maybe("ending", ending(case))
        .done()
}

/// What only who has proven everything may know.
fn ending(case: &Case) -> Option<Dict> {
    if !matches!(case.state, State::Recovered { .. } | State::Completed { .. }) {
        return None;
    }
    let device = case.facts.device.as_ref();
    let begun = case.enrollment.as_ref();
    let tries_left = |begun: &Enrollment| TRIES_PER_CHALLENGE.saturating_sub(begun.wrong);
    Some(
        Out::new()
            .maybe("recovered_at", case.recovered_at.map(Timestamp::unix))
            .maybe("device_form", device.map(|device| device.form.as_str()))
            .maybe("device_label", device.map(|device| device.label.as_str()))
            .maybe("enrolling", begun.map(|begun| begun.label.as_str()))
            .maybe("tries_left", begun.map(tries_left))
            .maybe("enrolled", case.enrolled.as_deref())
            .done(),
    )
}

pub(super) fn step(step: &StepView, settings: &Settings) -> Dict {
    let sender =
        (step.factor == Factor::Email && !settings.sender.is_empty()).then_some(settings.sender.as_str());
    Out::new()
        .put("factor", step.factor.as_str())
        .put("state", step.state.as_str())
        .put("message", step.message)
        .put("tries_left", step.tries_left)
        .put("resend_after", step.resend_after.unix())
        .put("possible", step.possible)
        .put("needed", step.needed)
        .maybe("hint", step.hint.as_deref())
        .maybe("code", step.code.as_ref().map(Secret::expose))
        .maybe("expires_at", step.expires_at.map(Timestamp::unix))
        .maybe("disposition", step.disposition.map(readmit_recovery::disposition::Disposition::as_str))
        .maybe("phase", step.phase.map(readmit_recovery::event::Phase::as_str))
        .maybe("sender", sender)
        .done()
}

pub(super) fn outcome(outcome: &Outcome) -> Dict {
    Out::new()
        .put("device", fate(outcome.device))
        .put("force_password_change", outcome.force_password_change)
        .put("revoke_sessions", outcome.revoke_sessions)
        .maybe("hold", outcome.hold.map(|hold| hold.as_secs()))
        .maybe("enroll_within", outcome.enroll_within.map(|within| within.as_secs()))
        .done()
}

pub(super) fn tasks<'a>(tasks: impl Iterator<Item = &'a Task>) -> Vec<&'static str> {
    tasks.map(|task| task.as_str()).collect()
}

fn support(view: &View, settings: &Settings) -> Dict {
    let to = view.escalated_to.as_deref();
    let message = match to {
        None => None,
        Some("administrator") => Some("Contact your administrator: they can deactivate the device for you."),
        Some(_) => Some("Contact support: they see this recovery and can help you."),
    };
    Out::new()
        .maybe("to", to)
        .maybe("message", message)
        .put("contact", settings.support_contact.as_str())
        .maybe("ticket", view.ticket.as_ref().map(|ticket| ticket.as_str().to_owned()))
        .done()
}

const fn fate(fate: DeviceFate) -> &'static str {
    match fate {
        DeviceFate::Deactivate => "deactivate",
        DeviceFate::Keep => "keep",
    }
}
