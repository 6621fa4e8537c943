//! A recovery as a front end drives it.

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::desk::{BusError, Desk};
use crate::dict::to_bus;
use crate::{Mailbox, PASSWORD, PATIENCE, Phone};

/// One recovery and the front end that holds it.
#[derive(Clone)]
pub struct Case {
    /// Its id.
    pub id: String,
    desk: Desk,
}

impl Case {
    pub(crate) fn new(id: &str, desk: Desk) -> Self {
        Self { id: id.to_owned(), desk }
    }

    /// What staff, the journal and logs call it.
    #[must_use]
    pub fn handle(&self) -> String {
        let hash = Sha256::new().chain_update("readmit case handle\0").chain_update(&self.id).finalize();
        hex::encode(hash)[..20].to_owned()
    }

    /// The case as the person sees it.
    pub async fn show(&self) -> Value {
        self.try_show().await.unwrap()
    }

    /// The case as the person sees it, if the daemon answers.
    ///
    /// # Errors
    /// The daemon's error.
    pub async fn try_show(&self) -> Result<Value, BusError> {
        self.desk.texts("Recovery1", "Show", &[&self.id]).await
    }

    /// Its state's word.
    pub async fn state(&self) -> String {
        self.show().await["state"].as_str().unwrap().to_owned()
    }

    /// One of its steps.
    pub async fn step(&self, factor: &str) -> Value {
        step_of(&self.show().await, factor)
    }

    /// Waits until the case fits, looking whenever it has changed.
    pub async fn until(&self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let mut changes = self.desk.changes();
        let mut last = Value::Null;
        let look = async {
            loop {
                changes.borrow_and_update();
                match self.try_show().await {
                    Ok(shown) => last = shown,
                    // A daemon that is gone does not come back by itself; a test that kills it does not wait on.
                    Err(error) => {
                        last = error.text.into();
                        return std::future::pending().await;
                    }
                }
                if fits(&last) {
                    return;
                }
                changes.changed().await.unwrap();
            }
        };
        let met = tokio::time::timeout(PATIENCE, look).await;
        assert!(met.is_ok(), "waited in vain for {what}; the case is\n{last:#}");
        last
    }

    /// Waits until the case is in this state.
    pub async fn until_state(&self, state: &str) -> Value {
        self.until(state, |case| case["state"] == state).await
    }

    /// Waits until a step is in this state.
    pub async fn until_step(&self, factor: &str, state: &str) -> Value {
        let what = format!("{factor} to be {state}");
        step_of(&self.until(&what, |case| step_of(case, factor)["state"] == state).await, factor)
    }

    /// Waits until a step has ended in this way.
    pub async fn until_disposition(&self, factor: &str, disposition: &str) -> Value {
        let what = format!("{factor} to end as {disposition}");
        step_of(&self.until(&what, |case| step_of(case, factor)["disposition"] == disposition).await, factor)
    }

    /// Sends a factor's message or places its call.
    ///
    /// # Errors
    /// The daemon's error.
    pub async fn start(&self, factor: &str) -> Result<Value, BusError> {
        self.desk.texts("Recovery1", "Start", &[&self.id, factor]).await
    }

    /// Hands in a proof.
    ///
    /// # Errors
    /// The daemon's error.
    pub async fn submit(&self, factor: &str, proof: &[&str]) -> Result<Value, BusError> {
        self.desk.ask("Recovery1", "Submit", &(self.id.as_str(), factor, proof)).await
    }

    /// Hands in a proof that is right.
    pub async fn prove(&self, factor: &str, proof: &[&str]) {
        let answer = self.submit(factor, proof).await.unwrap();
        assert_eq!(answer["accepted"], true, "{factor}: {answer}");
    }

    /// Sends the support form.
    ///
    /// # Errors
    /// The daemon's error.
    pub async fn escalate(&self, form: Value) -> Result<String, BusError> {
        let ticket = self.desk.ask("Recovery1", "Escalate", &(self.id.as_str(), to_bus(&form))).await?;
        Ok(ticket.as_str().unwrap().to_owned())
    }

    /// Proves password, e-mail and phone, in this order.
    pub async fn prove_all(&self, (mailbox, phone): (&mut Mailbox, &mut Phone), address: &str) {
        self.prove_password().await;
        self.prove_email(mailbox, address).await;
        self.prove_voice(phone).await;
    }

    /// Gives up.
    ///
    /// # Errors
    /// The daemon's error.
    pub async fn cancel(&self) -> Result<Value, BusError> {
        self.desk.texts("Recovery1", "Cancel", &[&self.id]).await
    }

    /// Takes the one sign-in.
    ///
    /// # Errors
    /// The daemon's error.
    pub async fn claim(&self) -> Result<Value, BusError> {
        self.desk.texts("Recovery1", "Claim", &[&self.id]).await
    }

    /// Sets the new password.
    ///
    /// # Errors
    /// The daemon's error.
    pub async fn change_password(&self, password: &str) -> Result<Value, BusError> {
        self.desk.texts("Recovery1", "ChangePassword", &[&self.id, password]).await
    }

    /// Begins to enroll a new device.
    ///
    /// # Errors
    /// The daemon's error.
    pub async fn begin_enrollment(&self, label: &str) -> Result<Value, BusError> {
        self.desk.texts("Recovery1", "BeginEnrollment", &[&self.id, label]).await
    }

    /// Confirms the new device.
    ///
    /// # Errors
    /// The daemon's error.
    pub async fn confirm_enrollment(&self, first: &str, second: &str) -> Result<Value, BusError> {
        self.desk.texts("Recovery1", "ConfirmEnrollment", &[&self.id, first, second]).await
    }

    /// Proves the password that every person of the kit has.
    pub async fn prove_password(&self) {
        self.prove("password", &[PASSWORD]).await;
    }

    /// Has the message sent, reads it in the mailbox, and types its code.
    pub async fn prove_email(&self, mailbox: &mut Mailbox, address: &str) {
        self.start("email").await.unwrap();
        let mail = mailbox.mail(address, "type this code").await;
        self.prove("email", &[&mail.code()]).await;
    }

    /// Has the phone called and types the digits that the page shows on its keypad; the phone must answer.
    pub async fn prove_voice(&self, phone: &mut Phone) {
        let step = self.start("voice").await.unwrap();
        let digits = step["code"].as_str().expect("the page shows the digits").to_owned();
        phone.talk().await;
        phone.press(&digits).await;
        self.until_step("voice", "proven").await;
        // It says goodbye first; a telephone takes one call at a time.
        phone.wait_for("ended").await;
    }
}

fn step_of(case: &Value, factor: &str) -> Value {
    let steps = case["steps"].as_array().expect("a case has steps");
    steps.iter().find(|step| step["factor"] == factor).cloned().unwrap_or_default()
}
