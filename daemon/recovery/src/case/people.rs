//! People: staff who approve, refuse and resolve; the person who asks for support or gives up; the owner who says
//! no.

use super::apply::Turn;
use super::deciding::check_outcome;
use super::refusal::Refusal;
use super::{Standing, State, Track};
use crate::address::Address;
use crate::command::{Command, Message, Purpose};
use crate::event::{Reply, Staff};
use crate::factor::Factor;
use crate::facts::Hook;
use crate::id::TicketId;
use crate::limits::{LONGEST_RESEND_WAIT, MAX_MESSAGE_BYTES, NOTICE_LIFE, PASS_LIFE, VETO_LIFE};
use crate::person::is_same_person;
use crate::plan::{Atom, Plan};
use crate::recovery_code;
use crate::secret::Secret;
use crate::support::{SupportForm, Ticket};
use crate::time::Timestamp;
use crate::verdict::{DeviceFate, Outcome, Verdict};

impl Turn<'_> {
    pub(super) fn approved(&mut self, by: Staff, because: String) -> Result<Reply, Refusal> {
        self.check_resolvable(&by, &because)?;
        let asks = |atom: &Atom| matches!(atom, Atom::Approvals(_) | Atom::Factor(Factor::Approval));
        if !self.case.open_atoms().iter().any(asks) {
            let planned = self.case.plan.as_ref().is_some_and(|plan| plan.atoms().iter().any(asks));
            let refusal = if planned { Refusal::NotYet } else { Refusal::NotAsked };
            return Err(refusal(Factor::Approval));
        }
        if self.case.approvals.iter().any(|earlier| is_same_person(earlier, &by.name)) {
            return Err(Refusal::SamePerson);
        }
        self.record("approved", vec![("by", by.name.clone()), ("because", because)]);
        self.case.approvals.push(by.name);
        // The factor counts as proven once nothing asks for one more approval.
        if !self.case.open_atoms().iter().any(asks) {
            self.proved(&Factor::Approval);
        }
        Ok(Reply::Done)
    }

    pub(super) fn denial_decided(&mut self, by: &Staff, because: String) -> Result<Reply, Refusal> {
        self.check_staff(by, &because)?;
        self.record("denied", vec![("by", by.name.clone()), ("because", because.clone())]);
        self.revoke_if_recovered();
        self.end(State::Denied { because });
        self.notify("denied", None);
        Ok(Reply::Done)
    }

    /// Sends a pass to the address on file; the person goes on by proving it.
    pub(super) fn resolved_by_pass(&mut self, by: &Staff, because: String) -> Result<Reply, Refusal> {
        self.check_resolvable(by, &because)?;
        if self.case.tracks.get(&Factor::Pass).is_some_and(Track::is_spent) {
            return Err(Refusal::Spent(Factor::Pass));
        }
        let to = self.case.addresses.email.clone().ok_or(Refusal::NoAddress)?;
        let pass = recovery_code::new_code(&self.moment.seed, "pass");
        let hash = recovery_code::hash(&pass).ok_or(Refusal::NoAddress)?;
        let now = self.moment.now;
        let expires_at = now.plus(PASS_LIFE);
        self.command(Command::IssuePass { hash, expires_at });
        let minutes = Secret::new((PASS_LIFE.as_secs() / 60).to_string());
        let fields = [("code", pass), ("minutes", minutes)].into();
        self.send_mail(Address::Email(to), Purpose::Pass, fields, expires_at);
        self.record_resolution("pass", by, because);
        self.case.proven.retain(|factor| *factor != Factor::Pass);
        self.case.plan = Some(Plan::All(vec![Plan::Factor(Factor::Pass)]));
        self.case.expires_at = expires_at;
        self.case.state = State::Proving;
        Ok(Reply::Done)
    }

    /// Recovers the account by staff's word; where the policy gives no outcome, the strictest one holds.
    pub(super) fn resolved_by_reset(&mut self, by: &Staff, because: String) -> Result<Reply, Refusal> {
        self.check_resolvable(by, &because)?;
        self.record_resolution("reset", by, because);
        let strictest = Outcome {
            device: DeviceFate::Deactivate,
            force_password_change: true,
            revoke_sessions: true,
            hold: None,
            enroll_within: Some(self.moment.rules.recovered_for),
        };
        let asked = match self.ask(Hook::Recovered, None, None) {
            Verdict::Outcome(outcome) => check_outcome(&outcome).map(|()| outcome).map_err(str::to_owned),
            Verdict::Unable { cause } => Err(cause),
            Verdict::Prove { .. }
            | Verdict::Escalate { .. }
            | Verdict::Deny { .. }
            | Verdict::Retry { .. }
            | Verdict::Nothing => Ok(strictest.clone()),
        };
        let asked = asked.unwrap_or_else(|cause| {
            self.policy_failed(cause);
            strictest
        });
        self.hold_or_recover(Outcome { device: DeviceFate::Deactivate, ..asked });
        Ok(Reply::Done)
    }

    /// Hands the case to support, with what the person wrote; asking again gives the same ticket.
    pub(super) fn support_requested(&mut self, form: &SupportForm) -> Reply {
        if self.case.state == State::Proving {
            self.escalate("support".to_owned(), format!("the person asks: {}", form.problem_in_words()));
        }
        if let Some(ticket) = &self.case.ticket {
            return Reply::Ticket(ticket.id.clone());
        }
        let ticket = TicketId::from_random(self.moment.seed.id("ticket"));
        self.case.ticket = Some(Ticket { id: ticket.clone(), form: form.clone() });
        self.record(
            "support_requested",
            vec![("ticket", ticket.to_string()), ("problem", form.problem().to_owned())],
        );
        if let Some(to) = self.moment.rules.support.clone() {
            let mut fields = std::collections::BTreeMap::from([
                ("ticket", Secret::new(ticket.as_str())),
                ("problem", Secret::new(form.problem_in_words())),
                ("history", Secret::new(self.history_in_words())),
            ]);
            for field in crate::support::FIELDS {
                fields.insert(field, Secret::new(form.answer(field)));
            }
            let deadline = self.moment.now.plus(NOTICE_LIFE);
            self.send_mail(Address::Email(to), Purpose::Ticket, fields, deadline);
        }
        Reply::Ticket(ticket)
    }

    pub(super) fn vetoed(&mut self) -> Reply {
        self.record("vetoed", vec![("while", self.case.state.as_str().to_owned())]);
        self.command(Command::RaiseAlert("vetoed"));
        self.revoke_if_recovered();
        self.end(State::Vetoed);
        self.notify("vetoed", None);
        Reply::Done
    }

    /// Whoever answered a call to the number on file said that they did not ask for it: the owner's no, by another
    /// way than the notices.
    pub(super) fn reported(&mut self) {
        // The call is over; there is nothing to call off.
        if let Some(challenge) = self.challenge_mut(&Factor::Voice) {
            challenge.end();
        }
        match self.case.state {
            State::Proving | State::Held { .. } | State::Recovered { .. } | State::Escalated { .. } => {
                self.vetoed();
            }
            State::Completed { .. } => {
                self.vetoed_too_late();
            }
            State::Denied { .. } | State::Vetoed | State::Cancelled | State::Expired => {}
        }
    }

    /// The owner says no to a recovery that is complete. Whoever holds the new device keeps it until people have
    /// looked: to take it away here would open the account to whoever has but the mailbox and the password.
    pub(super) fn vetoed_too_late(&mut self) -> Reply {
        self.record("vetoed", vec![("while", self.case.state.as_str().to_owned())]);
        self.command(Command::RaiseAlert("vetoed"));
        self.command(Command::RevokeSessions);
        Reply::Done
    }

    /// Whoever signed in by a recovery that is taken back is to be thrown out.
    fn revoke_if_recovered(&mut self) {
        if matches!(self.case.state, State::Recovered { .. }) {
            self.command(Command::RevokeSessions);
        }
    }

    pub(super) fn cancelled(&mut self) -> Reply {
        self.record("cancelled", Vec::new());
        self.end(State::Cancelled);
        Reply::Done
    }

    /// Tells every address on file what happened, each with its own way to say "this was not me".
    pub(super) fn notify(&mut self, event: &'static str, hold_until: Option<Timestamp>) {
        let until = hold_until.map(|until| ("hold_until", until.rfc3339()));
        let mut fields = vec![
            ("event", event.to_owned()),
            ("reason", self.case.reason.as_str().to_owned()),
            ("client", self.client_in_words()),
        ];
        fields.extend(until);
        self.tell_everyone(Purpose::Notice, &fields);
    }

    pub(super) fn tell_everyone(&mut self, purpose: Purpose, fields: &[(&'static str, String)]) {
        if self.case.standing == Standing::Decoy {
            return;
        }
        for to in self.case.addresses.notices.clone() {
            let mut fields: std::collections::BTreeMap<_, _> =
                fields.iter().map(|(name, value)| (*name, Secret::new(value.clone()))).collect();
            if !self.case.state.is_final() || purpose == Purpose::Enrolled {
                fields.insert("veto_token", self.new_veto_token(VETO_LIFE));
            }
            let deadline = self.moment.now.plus(NOTICE_LIFE);
            self.send_mail(Address::Email(to), purpose, fields, deadline);
        }
    }

    fn send_mail(
        &mut self,
        to: Address,
        purpose: Purpose,
        fields: std::collections::BTreeMap<&'static str, Secret>,
        deadline: Timestamp,
    ) {
        let id = self.new_delivery();
        let channel = "email".to_owned();
        self.command(Command::SendMessage(Message { id, channel, to, purpose, fields, deadline }));
    }

    fn check_resolvable(&self, by: &Staff, because: &str) -> Result<(), Refusal> {
        self.check_staff(by, because)?;
        match self.case.standing {
            Standing::Known => Ok(()),
            Standing::Decoy => Err(Refusal::NoAccount),
        }
    }

    fn check_staff(&self, by: &Staff, because: &str) -> Result<(), Refusal> {
        if by.account.as_ref() == Some(&self.case.account) {
            return Err(Refusal::OwnCase);
        }
        if because.trim().is_empty() || because.len() > MAX_MESSAGE_BYTES {
            return Err(Refusal::NoReason);
        }
        Ok(())
    }

    fn record_resolution(&mut self, resolution: &'static str, by: &Staff, because: String) {
        self.record(
            "resolved",
            vec![("resolution", resolution.to_owned()), ("by", by.name.clone()), ("because", because)],
        );
        // What was tried before does not stand in the way of what support decides.
        let soon = self.moment.now.plus(LONGEST_RESEND_WAIT);
        for track in self.case.tracks.values_mut() {
            track.start_after = track.start_after.min(soon);
        }
    }

    fn history_in_words(&self) -> String {
        let case = &self.case;
        let mut lines = vec![
            format!("case {} for account {}", case.id.handle(), case.account),
            format!("opened {}, reason {}", case.opened_at.rfc3339(), case.reason.as_str()),
        ];
        if case.standing == Standing::Decoy {
            lines.push("there is no such account".to_owned());
        }
        if !case.proven.is_empty() {
            let proven: Vec<&str> = case.proven.iter().map(Factor::as_str).collect();
            lines.push(format!("proven: {}", proven.join(", ")));
        }
        for failure in &case.failures {
            let (at, word) = (failure.at.rfc3339(), failure.disposition.as_str());
            lines.push(format!("{at}: {} failed: {word}", failure.factor));
        }
        if let State::Escalated { to, because } = &case.state {
            lines.push(format!("escalated to {to}: {because}"));
        }
        lines.join("\n")
    }
}
