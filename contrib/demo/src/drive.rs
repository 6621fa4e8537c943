//! The journey, driven by whoever sits at the terminal: `readmit recover` in front, the pocket behind.

use std::io;
use std::path::Path;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::process::Command;
use zbus::Variant;

use crate::binaries::Binaries;
use crate::client::{Client, Options};
use crate::mailbox::Mailbox;
use crate::narrator::{Narrator, Who};
use crate::person::{Behaviour, Person};
use crate::phone::Softphone;
use crate::pocket::Pocket;
use crate::stage::{ACCOUNT, EMAIL, PASSWORD, PHONE, Stage};

/// How long something may be waited for that comes when it comes.
const LONG: Duration = Duration::from_secs(365 * 24 * 3600);

/// Who answers the phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hands {
    /// The person, at a second terminal.
    Own,
    /// It answers itself; like this at the first call.
    None(Behaviour),
}

/// Why the journey could not be driven.
#[derive(Debug, Error)]
pub enum DriveError {
    /// The command line could not be started.
    #[error("`readmit recover` could not be started")]
    Start(#[source] io::Error),
    /// The socket for the second terminal failed.
    #[error("the second terminal could not be served")]
    Pocket(#[source] io::Error),
    /// The command line ended badly.
    #[error("`readmit recover` ended with {0}")]
    Ended(ExitStatus),
}

/// Lets the person drive.
///
/// # Errors
/// If the command line does not start, or does not end well.
pub async fn drive(
    stage: &mut Stage,
    binaries: &Binaries,
    narrator: Arc<Narrator>,
    hands: Hands,
) -> Result<(), DriveError> {
    // Before anybody is told of it.
    let listener = Pocket::listen(&stage.home.pocket()).map_err(DriveError::Pocket)?;
    introduce(stage, binaries, &narrator, hands);
    let mut command = Command::new(&binaries.cli);
    command.args(["recover", ACCOUNT]).env("READMIT_BUS", &stage.bus_address).kill_on_drop(true);
    let mut cli = command.spawn().map_err(DriveError::Start)?;
    let mailbox = stage.mail.mailbox().clone();
    let status = match hands {
        Hands::Own => {
            let pocket = Pocket::new(stage.client.clone(), mailbox, stage.device.clone());
            tokio::select! {
                status = cli.wait() => status,
                served = pocket.serve(listener, &mut stage.phone) => return served.map_err(DriveError::Pocket),
            }
        }
        Hands::None(first) => {
            let unattended = Unattended { client: stage.client.clone(), mailbox, narrator: narrator.clone() };
            tokio::select! {
                status = cli.wait() => status,
                () = unattended.live(&mut stage.phone, first) => return Ok(()),
            }
        }
    };
    let status = status.map_err(DriveError::Start)?;
    if status.success() { Ok(()) } else { Err(DriveError::Ended(status)) }
}

fn introduce(stage: &Stage, binaries: &Binaries, narrator: &Narrator, hands: Hands) {
    let directory = stage.home.path().display();
    narrator.plain(&format!(
        "\nYou are Alice. Your authenticator app is out of reach, and you want back in.\n\n  \
         account   {ACCOUNT}\n  e-mail    {EMAIL}\n  phone     {PHONE}\n  password  {PASSWORD}\n  \
         saved recovery codes  {}\n",
        stage.recovery_codes.iter().take(2).cloned().collect::<Vec<_>>().join(", ") + ", …"
    ));
    match hands {
        Hands::Own => narrator.plain(&format!(
            "Your mailbox, your telephone and a new authenticator app are in your pocket.\n\
             Open a SECOND TERMINAL for them now, and run there:\n\n  {} phone --dir {directory}\n",
            quoted(&binaries.demo)
        )),
        Hands::None(_) => narrator.plain(&format!(
            "Your mails are shown here as they come. Your phone answers itself, and types what the page shows.\n\
             At the end you enroll a new device: scan the QR code with an authenticator app of your own, or have\n\
             its codes shown in a second terminal by\n\n  {} app SECRET\n",
            quoted(&binaries.demo)
        )),
    }
    narrator.plain(&format!(
        "To look from the outside: readmit --bus {} status (or case list, audit verify …)\nLeaving the recovery ends the demonstration.\n",
        stage.bus_address
    ));
}

/// The path as a shell reads it.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_/.+".contains(&b));
    if plain { text } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

/// A pocket without hands: mails are shown, and the phone answers itself.
struct Unattended {
    client: Client,
    mailbox: Mailbox,
    narrator: Arc<Narrator>,
}

impl Unattended {
    async fn live(self, phone: &mut Softphone, first: Behaviour) {
        tokio::join!(self.show_mails(), self.answer(phone, first));
    }

    async fn show_mails(&self) {
        let mut seen = self.mailbox.newest();
        loop {
            if let Some(mail) = self.mailbox.wait(seen, LONG, |_| true).await {
                seen = mail.number;
                self.narrator.plain("");
                self.narrator.mail(&mail);
            }
        }
    }

    async fn answer(&self, phone: &mut Softphone, first: Behaviour) {
        let mut behaviour = first;
        while let Some(call) = phone.next_call().await {
            self.narrator.plain("");
            let Some(case) = self.open_case().await else { continue };
            let person = Person { client: self.client.clone(), case, narrator: self.narrator.clone() };
            if let Err(error) = person.take(call, behaviour).await {
                self.narrator.tell(Who::Phone, &error.to_string());
            }
            behaviour = Behaviour::Right;
        }
    }

    /// The case that the page shows. The played person cannot see the terminal, so an administrator is asked.
    async fn open_case(&self) -> Option<String> {
        let filter = Options::from([("account", Variant::from(ACCOUNT)), ("open", Variant::from(true))]);
        let mut cases = self.client.cases.list(filter, 0, 100).await.ok()?;
        while let Some(case) = cases.pop() {
            let case = case.case?;
            let view = self.client.recovery.show(&case).await.ok()?;
            if view.step("voice").is_some_and(|step| step.state() == "sent") {
                return Some(case);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_can_be_pasted_into_a_shell() {
        assert_eq!(quoted(Path::new("/usr/bin/readmit-demo")), "/usr/bin/readmit-demo");
        assert_eq!(quoted(Path::new("/a b/it's")), "'/a b/it'\\''s'");
    }
}
