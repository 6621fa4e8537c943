//! What front ends do for a person: open a case, prove, and finish.

use std::collections::BTreeMap;

use readmit_recovery::account::Reason;
use readmit_recovery::address::EmailAddress;
use readmit_recovery::case::{Case, Opening, State, StepView, Task, View, client_in_words};
use readmit_recovery::event::{Comparison, Event, Reply};
use readmit_recovery::factor::Factor;
use readmit_recovery::id::{AccountId, CaseId, TicketId};
use readmit_recovery::secret::Secret;
use readmit_recovery::support::SupportForm;
use readmit_recovery::totp;
use readmit_store::{Spend, TokenPurpose, Write};

use super::authentication::forget_wrong_passwords;
use super::counting::{charge, network};
use super::limits::{MAX_ADDRESS_BYTES, MAX_CONTEXT_BYTES, MAX_PROOF_BYTES};
use super::turns::ApplyError;
use super::{Fault, OpenContext, Service, facts, now, parse_account, parse_case, seed};

/// What opening a link gave.
#[derive(Clone, Debug)]
pub enum LinkReply {
    /// The address is proven.
    Proven {
        /// In this case.
        case: CaseId,
        /// The account, masked.
        account: String,
    },
    /// The link was opened elsewhere: this code is to be typed into the page that opened the case.
    Code {
        /// The code.
        code: Secret,
        /// From where the recovery was asked.
        client: String,
        /// The account, masked.
        account: String,
    },
}

impl Service {
    /// Opens a case. An unknown account gets one too.
    ///
    /// # Errors
    /// [`Fault::InvalidArgument`], [`Fault::RateLimited`], [`Fault::Unavailable`].
    pub async fn open(
        &self,
        account: &str,
        reason: &str,
        context: OpenContext,
        actor: &str,
    ) -> Result<CaseId, Fault> {
        let account = parse_account(account)?;
        let reason: Reason = reason.parse().map_err(Fault::invalid)?;
        check_context(&context)?;
        let at = now();
        let limits = &self.settings.limits;
        let mut charges = vec![
            charge("opens_total", "all", limits.opens_total),
            charge("opens_per_account", account.as_str(), limits.opens_per_account),
        ];
        if let Some(address) = &context.client.address {
            charges.push(charge("opens_per_address", &network(address), limits.opens_per_address));
        }
        let with_contacts = self.with_contacts_of_256(at).await?;
        let subject = match self.store.account(&account, at).await? {
            Some(record) => facts::known(&record, &context)?,
            None => {
                let history = self.history_of_unknown(&account, at).await?;
                facts::decoy(&account, &context, &self.decoys, (history, with_contacts), at)?
            }
        };
        let opening = Opening {
            id: CaseId::from_random(seed()?.id("case")),
            account,
            standing: subject.standing,
            reason,
            policy: self.policy_host().current().version().clone(),
            facts: subject.facts,
            addresses: subject.addresses,
            device: subject.device,
            browser: context.browser.as_ref().map(Secret::hash),
        };
        Ok(self.open_case(opening, charges, actor).await?.id)
    }

    /// The case as the person sees it.
    ///
    /// # Errors
    /// [`Fault::NotFound`].
    pub async fn show(&self, case: &str) -> Result<(Case, View), Fault> {
        let case = self.load(&parse_case(case)?).await?.case;
        let view = case.view(now());
        Ok((case, view))
    }

    /// Starts a factor's challenge, or sends it again.
    ///
    /// # Errors
    /// [`Fault`], as the case says.
    pub async fn start(&self, case: &str, factor: &str, actor: &str) -> Result<StepView, Fault> {
        let id = parse_case(case)?;
        let factor: Factor = factor.parse().map_err(Fault::invalid)?;
        let case = self.load(&id).await?.case;
        self.check_enabled(&case, &factor).await?;
        let charges = self.delivery_charges(&case, &factor);
        let event = Event::ChallengeRequested { factor: factor.clone() };
        let applied = self.apply(&id, actor, event, charges).await?;
        // A challenge that fails at once may end the proving; the step is still the person's to read.
        applied.case.step(&factor, now()).ok_or_else(Fault::internal)
    }

    /// Takes a click on an e-mailed link.
    ///
    /// # Errors
    /// [`Fault::WrongState`] for a link that is spent, expired or never was: they look the same.
    pub async fn open_link(&self, token: &Secret, browser: &Secret, actor: &str) -> Result<LinkReply, Fault> {
        let spent = || {
            Fault::WrongState(
                "this link was used already or has expired: go back and ask for a new one".to_owned(),
            )
        };
        if token.expose().len().max(browser.expose().len()) > MAX_PROOF_BYTES {
            return Err(spent());
        }
        let hash = token.hash();
        let row = self.store.token(&hash).await?.filter(|row| row.purpose == TokenPurpose::Link);
        let row = row.filter(|row| !row.spent && now() < row.expires_at).ok_or_else(spent)?;
        let browser = (!browser.expose().is_empty()).then(|| browser.hash());
        let case = self.load(&row.case).await?.case;
        let same = browser.is_some() && browser == case.browser;
        let spends = if same { vec![Write::Spend(Spend::Token { hash })] } else { Vec::new() };
        let event = Event::LinkOpened { challenge: row.challenge, browser };
        let applied = match self.try_apply(&row.case, actor, event, spends).await {
            Ok(applied) => applied,
            Err(ApplyError::Spent | ApplyError::Fault(Fault::WrongState(_))) => return Err(spent()),
            Err(ApplyError::Fault(fault)) => return Err(fault),
        };
        match applied.reply {
            Reply::CodeToType { code } => {
                let client = client_in_words(&applied.case.facts.client);
                Ok(LinkReply::Code { code, client, account: masked(&applied.case.account) })
            }
            Reply::Proof { comparison: Comparison::Right, .. } => {
                Ok(LinkReply::Proven { case: row.case, account: masked(&applied.case.account) })
            }
            _ => Err(spent()),
        }
    }

    /// The owner says "this was not me".
    ///
    /// # Errors
    /// [`Fault::WrongState`] if it is too late, or was said already.
    pub async fn veto(&self, token: &Secret, actor: &str) -> Result<(), Fault> {
        let hash = token.hash();
        let row = self.store.token(&hash).await?.filter(|row| row.purpose == TokenPurpose::Veto);
        let row = row.ok_or_else(|| {
            Fault::NotFound("this link is not valid: open it as it is in the message".to_owned())
        })?;
        let spends = vec![Write::Spend(Spend::Token { hash })];
        match self.try_apply(&row.case, actor, Event::VetoReceived, spends).await {
            Ok(_) => Ok(()),
            Err(ApplyError::Spent) => Err(Fault::WrongState(
                "this link was used already or has expired: if the recovery goes on and it is not you, contact support at once".to_owned(),
            )),
            Err(ApplyError::Fault(Fault::WrongState(_))) => Err(Fault::WrongState(
                "this recovery is over already: if it was not you, contact support at once".to_owned(),
            )),
            Err(ApplyError::Fault(fault)) => Err(fault),
        }
    }

    /// Hands the case to support.
    ///
    /// # Errors
    /// [`Fault::InvalidArgument`] names the field of the form.
    pub async fn escalate(
        &self,
        case: &str,
        form: &BTreeMap<String, String>,
        actor: &str,
    ) -> Result<TicketId, Fault> {
        let id = parse_case(case)?;
        let form = SupportForm::parse(form).map_err(Fault::invalid)?;
        let client = self.load(&id).await?.case.facts.client;
        let mut charges = Vec::new();
        if let Some(address) = &client.address {
            let limit = self.settings.limits.tickets_per_address;
            charges.push(charge("tickets_per_address", &network(address), limit));
        }
        match self.apply(&id, actor, Event::SupportRequested { form }, charges).await?.reply {
            Reply::Ticket(ticket) => Ok(ticket),
            _ => Err(Fault::internal()),
        }
    }

    /// The person gives up.
    ///
    /// # Errors
    /// [`Fault`], as the case says.
    pub async fn cancel(&self, case: &str, actor: &str) -> Result<(), Fault> {
        self.apply(&parse_case(case)?, actor, Event::CancelRequested, Vec::new()).await.map(|_| ())
    }

    /// Sets the new password.
    ///
    /// # Errors
    /// [`Fault::InvalidArgument`] if it is too short, or the one from before.
    pub async fn change_password(&self, case: &str, password: Secret, actor: &str) -> Result<(), Fault> {
        let id = parse_case(case)?;
        // A hash is dear: it is not computed for who has no password to change.
        let account = self.with_password_to_change(&id).await?;
        let before = self.store.account(&account, now()).await?.and_then(|record| record.password);
        let hash = self.passwords.hash(password.clone()).await?;
        // Whoever has the device may know it: it would be no change.
        if self.passwords.compare(before, password).await? == Comparison::Right {
            // Unless it was changed to it meanwhile, by the same form sent twice.
            self.with_password_to_change(&id).await?;
            return Err(Fault::invalid("this is the password from before: choose another one"));
        }
        let forgotten = Write::ClearFailures { account: account.clone(), factor: Factor::Password };
        let signing_in = forget_wrong_passwords(&account);
        let writes = vec![Write::SetPassword { account, hash }, forgotten, signing_in];
        self.apply(&id, actor, Event::PasswordChanged, writes).await.map(|_| ())
    }

    /// The account whose password is to be changed in this case.
    async fn with_password_to_change(&self, id: &CaseId) -> Result<AccountId, Fault> {
        let case = self.load(id).await?.case;
        if matches!(&case.state, State::Recovered { tasks, .. } if tasks.contains(&Task::ChangePassword)) {
            return Ok(case.account);
        }
        let asked =
            self.decide(&case.policy, now(), |moment| Ok(case.apply(Event::PasswordChanged, moment)?));
        asked.await.and_then(|_| Err(Fault::internal()))
    }

    /// Begins to enroll a new device: its secret, and the address an app reads.
    ///
    /// # Errors
    /// [`Fault`], as the case says.
    pub async fn begin_enrollment(
        &self,
        case: &str,
        label: &str,
        actor: &str,
    ) -> Result<(Secret, Secret), Fault> {
        let event = Event::EnrollmentBegan { label: label.to_owned() };
        let applied = self.apply(&parse_case(case)?, actor, event, Vec::new()).await?;
        let Reply::Enrollment { secret } = applied.reply else { return Err(Fault::internal()) };
        let uri = totp::enrollment_uri(&secret, &self.settings.organization, applied.case.account.as_str())
            .map_err(|_| Fault::internal())?;
        Ok((secret, uri))
    }

    /// Binds the new device.
    ///
    /// # Errors
    /// [`Fault::Refused`] if the codes are not two consecutive ones of the device.
    pub async fn confirm_enrollment(
        &self,
        case: &str,
        first: Secret,
        second: Secret,
        actor: &str,
    ) -> Result<(), Fault> {
        let event = Event::EnrollmentConfirmed { first, second };
        match self.apply(&parse_case(case)?, actor, event, Vec::new()).await?.reply {
            Reply::Proof { comparison: Comparison::Right, .. } => Ok(()),
            Reply::Proof { tries_left: 0, .. } => {
                Err(Fault::Refused("the codes were not right too often: begin the enrollment again".to_owned()))
            }
            _ => Err(Fault::Refused(
                "these are not two codes in a row: type the code that the new device shows, wait for the next one, and type that too".to_owned(),
            )),
        }
    }
}

fn check_context(context: &OpenContext) -> Result<(), Fault> {
    let client = &context.client;
    let length = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let sizes = [
        ("address", length(&client.address), MAX_ADDRESS_BYTES),
        ("user_agent", length(&client.user_agent), MAX_CONTEXT_BYTES),
        ("locale", length(&client.locale), MAX_CONTEXT_BYTES),
        ("browser", context.browser.as_ref().map_or(0, |text| text.expose().len()), MAX_CONTEXT_BYTES),
    ];
    match sizes.into_iter().find(|(_, length, longest)| length > longest) {
        None => Ok(()),
        Some((key, _, longest)) => {
            Err(Fault::invalid(format!("context: `{key}` is longer than {longest} bytes")))
        }
    }
}

/// The account as a stranger may see it.
fn masked(account: &AccountId) -> String {
    EmailAddress::parse(account.as_str()).map_or_else(
        |_| account.as_str().chars().take(1).chain("•••".chars()).collect(),
        |address| address.masked(),
    )
}
