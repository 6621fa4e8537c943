//! The whole journey, played: a person loses the phone with the authenticator app, and gets back in.

mod fault;

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio_util::sync::CancellationToken;
use zbus::Variant;

pub use self::fault::JourneyError;
use self::fault::refused;
use crate::authenticator::Authenticator;
use crate::client::{CaseView, Client, Options, StepView};
use crate::limits;
use crate::mailbox::{Mail, Mailbox};
use crate::narrator::{Narrator, Who};
use crate::person::{Behaviour, Person, spaced};
use crate::phone::Softphone;
use crate::stage::{ACCOUNT, EMAIL, NEW_PASSWORD, PASSWORD, PHONE, Stage};

/// The browser that opens the case; it proves that the link was opened in the same one.
const BROWSER: &str = "the browser on Alice's laptop";

/// Plays the whole journey; the phone behaves like this at its first call, and well at the next.
///
/// # Errors
/// If the recovery does not come to its end, the old device is not gone, or the journal does not verify.
pub async fn play(stage: &mut Stage, narrator: Arc<Narrator>, first: Behaviour) -> Result<(), JourneyError> {
    let mut journey = Journey {
        client: stage.client.clone(),
        mailbox: stage.mail.mailbox().clone(),
        phone: &mut stage.phone,
        old: stage.device.clone(),
        narrator,
        case: String::new(),
        read: 0,
    };
    journey.before().await?;
    journey.open().await?;
    journey.prove_password().await?;
    journey.prove_email().await?;
    journey.prove_phone(first).await?;
    journey.sign_in().await?;
    journey.change_password().await?;
    journey.enroll().await?;
    journey.afterwards().await
}

struct Journey<'a> {
    client: Client,
    mailbox: Mailbox,
    phone: &'a mut Softphone,
    old: Authenticator,
    narrator: Arc<Narrator>,
    case: String,
    /// The number of the last mail that was read.
    read: usize,
}

impl Journey<'_> {
    async fn before(&self) -> Result<(), JourneyError> {
        self.narrator.chapter("Before");
        self.tell(
            Who::Admin,
            &format!(
                "{ACCOUNT} is on file: {EMAIL}, {PHONE}, a password, an authenticator app, recovery codes"
            ),
        );
        let code = self.old.code(0);
        let verify = self.client.authentication.verify(ACCOUNT, &code);
        let result = verify.await.map_err(refused("check a code"))?;
        self.tell(Who::Alice, &format!("signs in with the app's code {}: {result}", spaced(&code)));
        self.narrator.breathe(2).await;
        if result == "accepted" {
            Ok(())
        } else {
            Err(JourneyError::End(format!("the app's code is {result}")))
        }
    }

    async fn open(&mut self) -> Result<(), JourneyError> {
        self.narrator.chapter("A week later: the phone with the app is lost");
        self.tell(Who::Alice, "is asked for a code, and chooses \"I am having trouble\": the device is lost");
        let context = Options::from([
            ("browser", Variant::from(BROWSER)),
            ("address", Variant::from("192.0.2.44")),
            ("user_agent", Variant::from("Firefox on Alice's laptop")),
            ("locale", Variant::from("en")),
        ]);
        self.case =
            self.client.recovery.open(ACCOUNT, "lost", context).await.map_err(refused("open a case"))?;
        let view = self.show().await?;
        let steps: Vec<_> = view.steps.iter().flatten().filter_map(|step| step.factor.as_deref()).collect();
        self.tell(Who::Page, &format!("this is to be proven, one after the other: {}", steps.join(", ")));
        self.narrator.breathe(2).await;
        expect(&view, "proving")
    }

    async fn prove_password(&self) -> Result<(), JourneyError> {
        self.narrator.chapter("Password");
        self.tell(Who::Alice, "types the password");
        let proof = self.client.recovery.submit(&self.case, "password", &[PASSWORD]);
        let submitted = proof.await.map_err(refused("take the password"))?;
        if submitted.accepted != Some(true) {
            return Err(JourneyError::End("the password was refused".to_owned()));
        }
        self.tell(Who::Page, "right");
        self.narrator.breathe(1).await;
        Ok(())
    }

    async fn prove_email(&mut self) -> Result<(), JourneyError> {
        self.narrator.chapter("E-mail");
        self.read = self.mailbox.newest();
        let step =
            self.client.recovery.start(&self.case, "email").await.map_err(refused("send an e-mail"))?;
        let (hint, sender) = (step.hint.unwrap_or_default(), step.sender.unwrap_or_default());
        self.tell(Who::Page, &format!("sent to {hint} from {sender}; look in the spam folder, too"));
        let mail = self.mail("a link", |mail| mail.token("link").is_some()).await?;
        self.narrator.breathe(4).await;
        let link = mail.token("link").unwrap_or_default().to_owned();
        self.tell(Who::Alice, "opens the link in the same browser and clicks \"It is me\"");
        let open = self.client.recovery.open_link(&link, BROWSER);
        let opened = open.await.map_err(refused("take the link"))?;
        let result = opened.result.unwrap_or_default();
        if result != "proven" {
            return Err(JourneyError::End(format!("the link's result was {result}")));
        }
        self.tell(Who::Page, "the e-mail address is proven");
        self.narrator.breathe(1).await;
        Ok(())
    }

    async fn prove_phone(&mut self, first: Behaviour) -> Result<(), JourneyError> {
        self.narrator.chapter("Phone");
        let mut behaviour = first;
        for call in 1..=limits::CALLS_PER_JOURNEY {
            let words = if call == 1 { "chooses \"Call me now\"" } else { "chooses \"Call me again\"" };
            self.tell(Who::Alice, words);
            let step =
                self.client.recovery.start(&self.case, "voice").await.map_err(refused("place a call"))?;
            let code = step.code.clone().unwrap_or_default();
            self.tell(
                Who::Page,
                &format!("shows {}, and: {}", spaced(&code), step.message.as_deref().unwrap_or_default()),
            );
            let view = self.one_call(behaviour).await?;
            let Some(step) = view.step("voice").cloned() else { break };
            if step.state() == "proven" || view.state() != "proving" {
                self.tell(Who::Page, "the phone is proven");
                self.narrator.breathe(1).await;
                return Ok(());
            }
            let disposition = step.disposition.as_deref().unwrap_or_default();
            self.tell(Who::Page, &format!("[{disposition}] {}", message(&step)));
            self.narrator.breathe(3).await;
            self.wait_until(step.resend_after.unwrap_or_default()).await;
            behaviour = Behaviour::Right;
        }
        Err(JourneyError::NotProven { page: self.page("voice").await })
    }

    /// Takes part in one call, while the page tells how far it is; returns the case once the call is over.
    async fn one_call(&mut self, behaviour: Behaviour) -> Result<CaseView, JourneyError> {
        let person =
            Person { client: self.client.clone(), case: self.case.clone(), narrator: self.narrator.clone() };
        let (client, case, narrator) = (self.client.clone(), self.case.clone(), self.narrator.clone());
        let over = CancellationToken::new();
        let page_is_done = over.clone();
        let phone = &mut *self.phone;
        let taken = async move {
            let call = tokio::select! {
                biased;
                call = phone.next_call() => call,
                // The page knows already why there is no call.
                () = page_is_done.cancelled() => None,
            };
            match call {
                Some(call) => person.take(call, behaviour).await,
                None => Ok(()),
            }
        };
        let watched = async {
            let view = watch_page(&client, &case, &narrator).await;
            over.cancel();
            view
        };
        let (taken, view) = tokio::join!(taken, watched);
        taken?;
        view
    }

    async fn sign_in(&mut self) -> Result<(), JourneyError> {
        self.narrator.chapter("Back in");
        let view = self.wait_for_state("recovered").await?;
        self.tell(Who::Page, view.message.as_deref().unwrap_or_default());
        let claimed = self.client.recovery.claim(&self.case).await.map_err(refused("let Alice sign in"))?;
        let device = claimed.device.unwrap_or_default();
        self.tell(Who::Alice, &format!("signs in, once, without a device; the lost one is {device}"));
        let tasks = claimed.tasks.unwrap_or_default().join(", ");
        self.tell(Who::Page, &format!("left to do: {tasks}"));
        self.narrator.breathe(2).await;
        if device == "deactivated" {
            Ok(())
        } else {
            Err(JourneyError::End(format!("the old device is {device}")))
        }
    }

    async fn change_password(&self) -> Result<(), JourneyError> {
        self.tell(Who::Alice, "changes the password, since whoever has the phone may know it");
        let change = self.client.recovery.change_password(&self.case, NEW_PASSWORD);
        change.await.map_err(refused("change the password"))?;
        self.narrator.breathe(1).await;
        Ok(())
    }

    async fn enroll(&mut self) -> Result<(), JourneyError> {
        self.narrator.chapter("A new device");
        let begin = self.client.recovery.begin_enrollment(&self.case, "Alice's new phone");
        let enrollment = begin.await.map_err(refused("begin the enrolment"))?;
        self.tell(Who::Page, "shows a QR code; remove the old entry from the app");
        let new = Authenticator::scan(&enrollment.secret.or(enrollment.uri).unwrap_or_default())?;
        // Codes that change between reading and typing would be a stumble of the play, not of the daemon.
        if Authenticator::seconds_left() < 5 {
            tokio::time::sleep(Duration::from_secs(Authenticator::seconds_left())).await;
        }
        let (before, now) = (new.code(-1), new.code(0));
        self.tell(
            Who::Alice,
            &format!(
                "scans it and types two codes, one after the other: {} {}",
                spaced(&before),
                spaced(&now)
            ),
        );
        let confirm = self.client.recovery.confirm_enrollment(&self.case, &before, &now);
        confirm.await.map_err(refused("confirm the enrolment"))?;
        self.wait_for_state("completed").await?;
        self.tell(Who::Page, "the recovery is complete");
        let next = new.code(1);
        let result = self.verify(&next).await?;
        self.tell(Who::Alice, &format!("signs in with the new app's next code {}: {result}", spaced(&next)));
        self.narrator.breathe(2).await;
        if result == "accepted" {
            Ok(())
        } else {
            Err(JourneyError::End(format!("the new device's code is {result}")))
        }
    }

    async fn afterwards(&mut self) -> Result<(), JourneyError> {
        self.narrator.chapter("Afterwards");
        let stale = self.old.code(0);
        let result = self.verify(&stale).await?;
        self.tell(Who::Admin, &format!("a code of the lost phone is now {result}"));
        if result == "accepted" {
            return Err(JourneyError::End("the lost device still signs in".to_owned()));
        }
        let devices = self.client.devices.list(ACCOUNT).await.map_err(refused("list the devices"))?;
        let active: Vec<_> = devices
            .iter()
            .filter(|device| device.status.as_deref() == Some("active"))
            .filter_map(|device| device.label.as_deref())
            .collect();
        self.tell(Who::Admin, &format!("active devices: {}", active.join(", ")));
        if active != ["Alice's new phone"] {
            return Err(JourneyError::End("the active devices are not just the new one".to_owned()));
        }
        self.notices().await?;
        let verified = self.client.audit.verify().await.map_err(refused("verify the journal"))?;
        let (rows, head) = (verified.rows.unwrap_or_default(), verified.head.unwrap_or_default());
        if verified.ok != Some(true) || rows == 0 {
            let why = verified.why.unwrap_or_default();
            return Err(JourneyError::End(format!("the journal does not verify: {why}")));
        }
        let head: String = head.chars().take(16).collect();
        self.tell(
            Who::Admin,
            &format!("the journal's {rows} entries form one unbroken chain; its head is {head}…"),
        );
        expect(&self.show().await?, "completed")
    }

    /// J16: everyone who should know is told, with a way to stop it.
    async fn notices(&mut self) -> Result<(), JourneyError> {
        let is_notice = |mail: &Mail| mail.token("veto").is_some() && mail.token("link").is_none();
        self.read = 0;
        // One of the recovery, and one of the new device, which may still be on its way.
        for _ in 0..2 {
            self.mail_silently("a way to say \"this was not me\"", is_notice).await?;
        }
        for mail in self.mailbox.all().iter().filter(|mail| is_notice(mail)) {
            let first = mail.text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
            self.tell(Who::Mail, &format!("notice to {}: {first}", mail.to.join(", ")));
        }
        self.tell(Who::Mail, "each with a link for \"this was not me\"");
        self.narrator.breathe(2).await;
        Ok(())
    }

    async fn verify(&self, code: &str) -> Result<String, JourneyError> {
        self.client.authentication.verify(ACCOUNT, code).await.map_err(refused("check a code"))
    }

    async fn show(&self) -> Result<CaseView, JourneyError> {
        self.client.recovery.show(&self.case).await.map_err(refused("show the case"))
    }

    async fn page(&self, factor: &str) -> String {
        match self.client.recovery.show(&self.case).await {
            Ok(view) => view.step(factor).map(message).unwrap_or_default(),
            Err(error) => error.to_string(),
        }
    }

    async fn wait_for_state(&self, expected: &'static str) -> Result<CaseView, JourneyError> {
        let deadline = tokio::time::Instant::now() + limits::STATE;
        loop {
            let view = self.show().await?;
            if view.state() == expected || tokio::time::Instant::now() > deadline {
                return expect(&view, expected).map(|()| view);
            }
            tokio::time::sleep(limits::LOOK).await;
        }
    }

    async fn wait_until(&self, time: u64) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        if time > now {
            self.tell(Who::Alice, &format!("waits {} s, as the page says", time - now));
            tokio::time::sleep(Duration::from_secs(time - now)).await;
        }
    }

    async fn mail(
        &mut self,
        what: &'static str,
        wanted: impl Fn(&Mail) -> bool,
    ) -> Result<Arc<Mail>, JourneyError> {
        let mail = self.mail_silently(what, wanted).await?;
        self.narrator.mail(&mail);
        Ok(mail)
    }

    async fn mail_silently(
        &mut self,
        what: &'static str,
        wanted: impl Fn(&Mail) -> bool,
    ) -> Result<Arc<Mail>, JourneyError> {
        let mail = self.mailbox.wait(self.read, limits::MAIL, wanted).await;
        let mail = mail.ok_or(JourneyError::NoMail { what })?;
        self.read = mail.number;
        Ok(mail)
    }

    fn tell(&self, who: Who, what: &str) {
        self.narrator.tell(who, what);
    }
}

/// Looks at the page until the call is over, and tells each phase once.
async fn watch_page(client: &Client, case: &str, narrator: &Narrator) -> Result<CaseView, JourneyError> {
    let mut told = String::new();
    let deadline = tokio::time::Instant::now() + limits::RING + limits::CALL;
    loop {
        let view = client.recovery.show(case).await.map_err(refused("show the case"))?;
        let step = view.step("voice");
        let state = step.map(StepView::state).unwrap_or_default();
        if view.state() != "proving" || state == "proven" || state == "failed" {
            return Ok(view);
        }
        let phase = step.and_then(|step| step.phase.clone()).unwrap_or_default();
        if !phase.is_empty() && phase != told {
            narrator.tell(Who::Page, &format!("[{phase}]"));
            told = phase;
        }
        if tokio::time::Instant::now() > deadline {
            let page = step.map(message).unwrap_or_default();
            return Err(JourneyError::NotProven { page });
        }
        tokio::time::sleep(limits::LOOK).await;
    }
}

fn message(step: &StepView) -> String {
    step.message.clone().unwrap_or_default()
}

fn expect(view: &CaseView, expected: &'static str) -> Result<(), JourneyError> {
    if view.state() == expected {
        Ok(())
    } else {
        Err(JourneyError::State { state: view.state().to_owned(), expected })
    }
}
