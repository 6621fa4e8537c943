//! After the proving: the hold, the outcome, and the tasks that are left to the person.

use std::collections::BTreeSet;

use super::apply::Turn;
use super::refusal::Refusal;
use super::{Enrollment, State, Task};
use crate::account::{Device, DeviceStatus, Form};
use crate::command::{Command, Purpose};
use crate::event::{Comparison, Reply};
use crate::factor::Factor;
use crate::id::DeviceId;
use crate::limits::{ENROLLMENTS_PER_CASE, MAX_ANSWER_BYTES, TRIES_PER_CHALLENGE};
use crate::recovery_code;
use crate::secret::Secret;
use crate::totp::{self, Authenticator};
use crate::verdict::{DeviceFate, Outcome};

impl Turn<'_> {
    pub(super) fn hold_or_recover(&mut self, outcome: Outcome) {
        let Some(hold) = outcome.hold.filter(|hold| !hold.is_zero()) else {
            self.recover(outcome);
            return;
        };
        let until = self.moment.now.plus(hold);
        self.call_off_deliveries();
        self.record("held", vec![("until", until.rfc3339())]);
        self.case.state = State::Held { until, outcome };
        self.notify("held", Some(until));
    }

    /// The account is the person's again.
    pub(super) fn recover(&mut self, outcome: Outcome) {
        self.call_off_deliveries();
        if outcome.device == DeviceFate::Deactivate
            && let Some(device) = self.case.device.clone()
        {
            self.command(Command::DeactivateDevice(device));
        }
        if outcome.revoke_sessions {
            self.command(Command::RevokeSessions);
        }
        let mut tasks = BTreeSet::from([Task::SignIn]);
        if outcome.force_password_change {
            tasks.insert(Task::ChangePassword);
        }
        if outcome.enroll_within.is_some() {
            tasks.insert(Task::Enroll);
        }
        let time = outcome.enroll_within.unwrap_or(self.moment.rules.recovered_for);
        self.case.expires_at = self.moment.now.plus(time);
        self.case.recovered_at = Some(self.moment.now);
        let proven: Vec<&str> = self.case.proven.iter().map(Factor::as_str).collect();
        let proven = proven.join(" ");
        self.record(
            "recovered",
            vec![
                ("proven", proven),
                ("force_password_change", outcome.force_password_change.to_string()),
                ("revoke_sessions", outcome.revoke_sessions.to_string()),
            ],
        );
        self.case.state = State::Recovered { outcome, tasks };
        self.notify("recovered", None);
    }

    /// Gives out the one sign-in. Where a recovery code was used, the whole set is reissued.
    pub(super) fn sign_in_claimed(&mut self) -> Result<Reply, Refusal> {
        self.task_done(Task::SignIn)?;
        self.record("sign_in_claimed", Vec::new());
        let mut recovery_codes = Vec::new();
        if self.case.proven.contains(&Factor::RecoveryCode) {
            recovery_codes = recovery_code::new_set(&self.moment.seed);
            let hashes = recovery_codes.iter().filter_map(recovery_code::hash).collect();
            self.command(Command::ReplaceRecoveryCodes(hashes));
            self.record("recovery_codes_reissued", Vec::new());
        }
        Ok(Reply::SignIn { recovery_codes })
    }

    pub(super) fn password_changed(&mut self) -> Result<Reply, Refusal> {
        self.task_done(Task::ChangePassword)?;
        self.record("password_changed", Vec::new());
        Ok(Reply::Done)
    }

    pub(super) fn enrollment_began(&mut self, label: String) -> Result<Reply, Refusal> {
        self.check_task(Task::Enroll)?;
        if label.trim().is_empty() || label.len() > MAX_ANSWER_BYTES || label.chars().any(char::is_control) {
            return Err(Refusal::BadLabel);
        }
        if self.case.enrollments >= ENROLLMENTS_PER_CASE {
            return Err(Refusal::TooManyEnrollments);
        }
        self.case.enrollments += 1;
        let mut random = [0; 20];
        random.copy_from_slice(&self.moment.seed.derive("device secret")[..20]);
        let secret = totp::new_secret(random);
        let device = DeviceId::from_random(self.moment.seed.id("device"));
        self.record("enrollment_began", vec![("device", device.to_string())]);
        self.case.enrollment = Some(Enrollment { label, device, secret: secret.clone(), wrong: 0 });
        Ok(Reply::Enrollment { secret })
    }

    /// Binds the new device by two consecutive codes. The old device's entry goes first.
    pub(super) fn enrollment_confirmed(&mut self, first: &Secret, second: &Secret) -> Result<Reply, Refusal> {
        self.check_task(Task::Enroll)?;
        let now = self.moment.now;
        let enrollment = self.case.enrollment.as_mut().ok_or(Refusal::NotStarted)?;
        let found = Authenticator::new(&enrollment.secret)
            .ok()
            .and_then(|device| device.synchronize(first, second, now));
        let Some(synchronized) = found else {
            enrollment.wrong += 1;
            let tries_left = TRIES_PER_CHALLENGE.saturating_sub(enrollment.wrong);
            if tries_left == 0 {
                self.case.enrollment = None;
            }
            self.record("enrollment_refused", vec![("tries_left", tries_left.to_string())]);
            return Ok(Reply::Proof { comparison: Comparison::Wrong, tries_left });
        };
        let enrollment = enrollment.clone();
        if let Some(old) = self.case.device.clone() {
            self.command(Command::DeleteDevice(old));
        }
        self.command(Command::AddDevice {
            device: Device {
                id: enrollment.device.clone(),
                account: self.case.account.clone(),
                label: enrollment.label.clone(),
                form: Form::Virtual,
                status: DeviceStatus::Active,
                enrolled_at: now,
            },
            secret: enrollment.secret,
            drift: synchronized.drift,
            last_step: synchronized.step,
        });
        self.case.enrollment = None;
        self.case.device = None;
        self.case.enrolled = Some(enrollment.label.clone());
        self.record("device_enrolled", vec![("device", enrollment.device.to_string())]);
        self.tell_everyone(Purpose::Enrolled, &[("label", enrollment.label)]);
        self.task_done(Task::Enroll)?;
        Ok(Reply::Proof { comparison: Comparison::Right, tries_left: 0 })
    }

    fn check_task(&self, task: Task) -> Result<(), Refusal> {
        match &self.case.state {
            State::Recovered { tasks, .. } if tasks.contains(&task) => Ok(()),
            _ => Err(Refusal::NoSuchTask),
        }
    }

    /// Strikes a task off; the last one completes the case.
    fn task_done(&mut self, task: Task) -> Result<(), Refusal> {
        self.check_task(task)?;
        let State::Recovered { outcome, tasks } = &mut self.case.state else {
            return Err(Refusal::NoSuchTask);
        };
        tasks.remove(&task);
        if tasks.is_empty() {
            let outcome = outcome.clone();
            self.record("completed", Vec::new());
            self.case.state = State::Completed { outcome };
        }
        Ok(())
    }
}
