//! How a proven recovery stands: what is done, what is next, what may wait.

use super::Elsewhere;
use crate::desk::views::{CaseView, EndingView, OutcomeView};
use crate::pages::hand_over::HandOver;
use crate::secret::Secret;
use crate::web::Visit;
use crate::web::keepsakes::{Keepsake, Kind, NewDevice, Token};

/// How a proven recovery stands.
pub(super) struct Stand {
    pub(super) visit: Visit,
    pub(super) id: Secret,
    pub(super) case: CaseView,
    pub(super) way: Way,
}

/// Who signs the person in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// The portal itself.
    Here,
    /// The login that they came from.
    There(HandOver),
    /// The organization's login, by the password and the device, as ever.
    AsUsual,
}

/// A task that is left, or that was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Task {
    SignIn,
    Codes,
    Password,
    Device,
}

/// How it stands with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    Done,
    /// It is its turn.
    Next,
    /// It comes later.
    Later,
}

impl Task {
    /// The end of the texts' keys.
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::Codes => "codes",
            Self::Password => "password",
            Self::Device => "device",
        }
    }
}

impl Stand {
    /// How the recovery of this browser stands.
    ///
    /// # Errors
    /// Where it is not proven, the page that shows it.
    pub(super) async fn of(visit: Visit) -> Result<Self, Elsewhere> {
        let id = visit.case()?.clone();
        let case = visit.portal.desk.show(&id).await?;
        if !matches!(case.state.as_deref(), Some("recovered" | "completed")) {
            return Err(visit.go_to("/case").into());
        }
        let way = match HandOver::of(&visit) {
            Some(from) => Way::There(from),
            None if visit.portal.config.sign_in.built_in => Way::Here,
            None => Way::AsUsual,
        };
        Ok(Self { visit, id, case, way })
    }

    /// Whether this task is left.
    pub(super) fn is_left(&self, task: &str) -> bool {
        self.case.tasks.iter().flatten().any(|left| left == task)
    }

    /// Everything that there is or was to do, in a good order.
    pub(super) fn tasks(&self) -> Vec<(Task, How)> {
        let outcome = self.outcome();
        let left = Left {
            sign_in: self.is_left("sign_in"),
            codes: self.codes().map(|_| true),
            password: outcome
                .force_password_change
                .unwrap_or_default()
                .then(|| self.is_left("change_password")),
            device: outcome.enroll_within.map(|_| self.is_left("enroll")),
        };
        in_order(left, matches!(self.way, Way::There(_)))
    }

    /// What is next.
    pub(super) fn next(&self) -> Option<Task> {
        self.tasks().into_iter().find(|(_, how)| *how == How::Next).map(|(task, _)| task)
    }

    pub(super) fn outcome(&self) -> OutcomeView {
        self.case.outcome.clone().unwrap_or_default()
    }

    pub(super) fn ending(&self) -> EndingView {
        self.case.ending.clone().unwrap_or_default()
    }

    pub(super) fn account(&self) -> &str {
        self.case.account.as_deref().unwrap_or_default()
    }

    /// Whether the old device is taken out of use.
    pub(super) fn is_deactivated(&self) -> bool {
        self.outcome().device.as_deref() == Some("deactivate")
    }

    /// The new recovery codes, until they are saved.
    pub(super) fn codes(&self) -> Option<Vec<Secret>> {
        match self.kept(Kind::Codes)? {
            Keepsake::Codes(codes) => Some(codes),
            Keepsake::Device(_) | Keepsake::Token(_) => None,
        }
    }

    /// The new device, while its secret may be shown.
    pub(super) fn device(&self) -> Option<NewDevice> {
        match self.kept(Kind::Device)? {
            Keepsake::Device(device) => Some(device),
            Keepsake::Codes(_) | Keepsake::Token(_) => None,
        }
    }

    /// The sign-in for another login, while it is good.
    pub(super) fn token(&self) -> Option<Token> {
        match self.kept(Kind::Token)? {
            Keepsake::Token(token) => Some(token),
            Keepsake::Codes(_) | Keepsake::Device(_) => None,
        }
    }

    fn kept(&self, kind: Kind) -> Option<Keepsake> {
        self.visit.portal.keepsakes.find(&self.visit.browser, &self.id, kind)
    }

    pub(super) fn forget(&self, kind: Kind) {
        self.visit.portal.keepsakes.forget(&self.visit.browser, &self.id, kind);
    }
}

/// What is left; none where it was never asked for.
#[derive(Clone, Copy)]
struct Left {
    sign_in: bool,
    codes: Option<bool>,
    password: Option<bool>,
    device: Option<bool>,
}

/// Who signs in here does so first, and is then asked for the rest; who goes back to another login does so last.
fn in_order(left: Left, there: bool) -> Vec<(Task, How)> {
    let sign_in = (Task::SignIn, Some(left.sign_in));
    let codes = (Task::Codes, left.codes);
    let (password, device) = ((Task::Password, left.password), (Task::Device, left.device));
    let all = if there { [password, device, sign_in, codes] } else { [sign_in, codes, password, device] };
    let mut next = How::Next;
    let asked = all.into_iter().filter_map(|(task, left)| left.map(|left| (task, left)));
    asked
        .map(|(task, left)| (task, if left { std::mem::replace(&mut next, How::Later) } else { How::Done }))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thing_is_next_and_the_order_is_good() {
        use How::{Done, Later, Next};
        use Task::{Codes, Device, Password, SignIn};
        let all = Left { sign_in: true, codes: None, password: Some(true), device: Some(true) };
        assert_eq!(in_order(all, false), [(SignIn, Next), (Password, Later), (Device, Later)]);
        assert_eq!(in_order(all, true), [(Password, Next), (Device, Later), (SignIn, Later)]);
        let signed_in = Left { sign_in: false, codes: Some(true), ..all };
        assert_eq!(
            in_order(signed_in, false),
            [(SignIn, Done), (Codes, Next), (Password, Later), (Device, Later)]
        );
        let out_of_order = Left { sign_in: true, codes: None, password: Some(true), device: Some(false) };
        assert_eq!(in_order(out_of_order, true), [(Password, Next), (Device, Done), (SignIn, Later)]);
        let damaged = Left { sign_in: true, codes: None, password: None, device: None };
        assert_eq!(in_order(damaged, false), [(SignIn, Next)]);
        let over = Left { sign_in: false, codes: None, password: Some(false), device: Some(false) };
        assert!(in_order(over, true).iter().all(|(_, how)| *how == Done));
    }
}
