//! The daemon, over the bus: what the pages may ask of it.
//!
//! The connection is made anew when the bus was gone. Whoever shows a case live hears of its changes through
//! [`Desk::changes`].

mod error;
mod proxies;
pub(crate) mod views;

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use futures_util::StreamExt as _;
use tokio::sync::{Mutex, broadcast};
use tokio_util::sync::{CancellationToken, DropGuard};
use zbus::connection::Builder;
use zbus::fdo::DBusProxy;
use zbus::{Address, Connection, Variant};

pub(crate) use self::error::DeskError;
use self::proxies::{AuthenticationProxy, RecoveryProxy};
use self::views::{CaseView, Enrollment, Link, SignIn, StepView, Submitted};
use crate::limits;
use crate::secret::Secret;

/// The daemon's name on the bus.
const NAME: &str = "org.readmit.Recovery1";

/// A dictionary as it goes to the bus.
pub(crate) type Dict = HashMap<&'static str, Variant<'static>>;

/// What was heard on the bus.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    /// This case has changed.
    Case(Secret),
    /// The daemon came, went, or came back: anything may have changed.
    Daemon,
}

/// The way to the daemon. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Desk {
    address: Arc<str>,
    line: Arc<Mutex<Option<Arc<Line>>>>,
    changes: broadcast::Sender<Change>,
}

/// One connection to the bus, and the task that listens on it.
struct Line {
    recovery: RecoveryProxy<'static>,
    authentication: AuthenticationProxy<'static>,
    lost: CancellationToken,
    _listening: DropGuard,
}

impl Desk {
    /// The daemon on the bus at this address: `system`, `session`, or as D-Bus writes addresses. It is not called yet.
    pub(crate) fn new(address: &str) -> Self {
        Self {
            address: address.into(),
            line: Arc::default(),
            changes: broadcast::Sender::new(limits::CHANGES),
        }
    }

    /// What changes from now on.
    pub(crate) fn changes(&self) -> broadcast::Receiver<Change> {
        self.changes.subscribe()
    }

    /// Opens a case; its id is the secret that lets this browser act in it.
    pub(crate) async fn open(&self, account: &str, reason: &str, context: Dict) -> Result<Secret, DeskError> {
        let line = self.line().await?;
        self.heard(line.recovery.open(account, reason, context).await).await.map(Secret::new)
    }

    /// The case as its person may see it.
    pub(crate) async fn show(&self, case: &Secret) -> Result<CaseView, DeskError> {
        let line = self.line().await?;
        self.heard(line.recovery.show(case.expose()).await).await
    }

    /// Delivers a factor's challenge, also again.
    pub(crate) async fn start(&self, case: &Secret, factor: &str) -> Result<StepView, DeskError> {
        let line = self.line().await?;
        self.heard(line.recovery.start(case.expose(), factor).await).await
    }

    /// Hands in a proof.
    pub(crate) async fn submit(
        &self,
        case: &Secret,
        factor: &str,
        proof: &[Secret],
    ) -> Result<Submitted, DeskError> {
        let line = self.line().await?;
        let proof: Vec<&str> = proof.iter().map(Secret::expose).collect();
        self.heard(line.recovery.submit(case.expose(), factor, &proof).await).await
    }

    /// Passes on a click on an e-mailed link.
    pub(crate) async fn open_link(&self, token: &Secret, browser: &Secret) -> Result<Link, DeskError> {
        let line = self.line().await?;
        self.heard(line.recovery.open_link(token.expose(), browser.expose()).await).await
    }

    /// Says "this was not me".
    pub(crate) async fn veto(&self, token: &Secret) -> Result<(), DeskError> {
        let line = self.line().await?;
        self.heard(line.recovery.veto(token.expose()).await).await
    }

    /// Hands the case to support; the answer is the ticket.
    pub(crate) async fn escalate(&self, case: &Secret, form: Dict) -> Result<String, DeskError> {
        let line = self.line().await?;
        self.heard(line.recovery.escalate(case.expose(), form).await).await
    }

    /// Gives the case up.
    pub(crate) async fn cancel(&self, case: &Secret) -> Result<(), DeskError> {
        let line = self.line().await?;
        self.heard(line.recovery.cancel(case.expose()).await).await
    }

    /// Takes the one sign-in of a recovered account.
    pub(crate) async fn claim(&self, case: &Secret) -> Result<SignIn, DeskError> {
        let line = self.line().await?;
        self.heard(line.recovery.claim(case.expose()).await).await
    }

    /// Takes the one sign-in as a token for another login.
    pub(crate) async fn claim_for(
        &self,
        case: &Secret,
        audience: &str,
        nonce: &Secret,
    ) -> Result<SignIn, DeskError> {
        let line = self.line().await?;
        self.heard(line.recovery.claim_for(case.expose(), audience, nonce.expose()).await).await
    }

    /// The public keys that tokens verify with, as a JSON Web Key Set.
    pub(crate) async fn signing_keys(&self) -> Result<String, DeskError> {
        let line = self.line().await?;
        self.heard(line.recovery.signing_keys().await).await
    }

    /// Sets the new password that the outcome asks for.
    pub(crate) async fn change_password(&self, case: &Secret, password: &Secret) -> Result<(), DeskError> {
        let line = self.line().await?;
        self.heard(line.recovery.change_password(case.expose(), password.expose()).await).await
    }

    /// A new device's secret, in every form that a page needs.
    pub(crate) async fn begin_enrollment(&self, case: &Secret, label: &str) -> Result<Enrollment, DeskError> {
        let line = self.line().await?;
        self.heard(line.recovery.begin_enrollment(case.expose(), label).await).await
    }

    /// Binds the new device by two of its codes in a row.
    pub(crate) async fn confirm_enrollment(
        &self,
        case: &Secret,
        first: &Secret,
        second: &Secret,
    ) -> Result<(), DeskError> {
        let line = self.line().await?;
        let codes = (first.expose(), second.expose());
        self.heard(line.recovery.confirm_enrollment(case.expose(), codes.0, codes.1).await).await
    }

    /// Reads a device's code at sign-in: `accepted`, `rejected`, `resync_needed`, `throttled`.
    pub(crate) async fn verify(&self, account: &str, code: &Secret) -> Result<String, DeskError> {
        let line = self.line().await?;
        self.heard(line.authentication.verify(account, code.expose()).await).await
    }

    /// Compares a password at sign-in: `accepted`, `rejected`, `throttled`.
    pub(crate) async fn verify_password(
        &self,
        account: &str,
        password: &Secret,
    ) -> Result<String, DeskError> {
        let line = self.line().await?;
        self.heard(line.authentication.verify_password(account, password.expose()).await).await
    }

    /// Puts a drifting device right by two codes in a row.
    pub(crate) async fn resync(
        &self,
        account: &str,
        first: &Secret,
        second: &Secret,
    ) -> Result<bool, DeskError> {
        let line = self.line().await?;
        self.heard(line.authentication.resync(account, first.expose(), second.expose()).await).await
    }

    /// Whether there is a daemon. It is not started for being asked after.
    pub(crate) async fn is_there(&self) -> bool {
        let Ok(line) = self.line().await else { return false };
        let Ok(bus) = DBusProxy::new(line.recovery.inner().connection()).await else { return false };
        let Ok(name) = NAME.try_into() else { return false };
        bus.name_has_owner(name).await.unwrap_or(false)
    }

    /// The connection, made anew where it was lost.
    async fn line(&self) -> Result<Arc<Line>, DeskError> {
        let mut current = self.line.lock().await;
        if let Some(line) = current.as_ref().filter(|line| !line.lost.is_cancelled()) {
            return Ok(line.clone());
        }
        let line = Arc::new(self.connect().await?);
        *current = Some(line.clone());
        // Whoever waits for news of a case did not hear what was said meanwhile.
        let _ = self.changes.send(Change::Daemon);
        Ok(line)
    }

    async fn connect(&self) -> zbus::Result<Line> {
        let connection = connect(&self.address).await?;
        let (lost, listening) = (CancellationToken::new(), CancellationToken::new());
        let recovery = RecoveryProxy::new(&connection).await?;
        let authentication = AuthenticationProxy::new(&connection).await?;
        let listen = listen(connection, recovery.clone(), self.changes.clone()).await?;
        let (ended, stop) = (lost.clone(), listening.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = listen => {}
                () = stop.cancelled() => {}
            }
            ended.cancel();
        });
        Ok(Line { recovery, authentication, lost, _listening: listening.drop_guard() })
    }

    /// What the daemon answered; a line that broke is given up.
    async fn heard<T>(&self, answer: zbus::Result<T>) -> Result<T, DeskError> {
        let error = match answer {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        if matches!(error, zbus::Error::InputOutput(_)) {
            *self.line.lock().await = None;
        }
        Err(error.into())
    }
}

/// A connection to the bus at this address, by which the bus knows the user that the program runs as.
pub(crate) async fn connect(address: &str) -> zbus::Result<Connection> {
    let builder = match address {
        "system" => Builder::system(),
        "session" => Builder::session(),
        address => Builder::address(address.parse::<Address>()?),
    };
    // Everybody waits for this one: a bus that takes the connection and says nothing is no bus.
    let built = tokio::time::timeout(limits::BUS_CALL, builder.method_timeout(limits::BUS_CALL).build());
    built.await.unwrap_or_else(|_| {
        let late = io::Error::new(io::ErrorKind::TimedOut, "the bus does not answer");
        Err(zbus::Error::InputOutput(Arc::new(late)))
    })
}

/// Passes on what is heard on this connection, until it breaks.
async fn listen(
    connection: Connection,
    recovery: RecoveryProxy<'static>,
    changes: broadcast::Sender<Change>,
) -> zbus::Result<impl Future<Output = ()>> {
    let bus = DBusProxy::new(&connection).await?;
    let mut owners = bus.receive_name_owner_changed_with_args(&[(0, NAME)]).await?;
    let mut cases = recovery.receive_case_changed().await?;
    Ok(async move {
        loop {
            let change = tokio::select! {
                changed = cases.next() => match changed {
                    Some(changed) => match changed.args() {
                        Ok(args) => Change::Case(Secret::new(args.case)),
                        Err(_) => continue,
                    },
                    None => break,
                },
                owner = owners.next() => match owner {
                    Some(_) => Change::Daemon,
                    None => break,
                },
            };
            // Nobody may be listening.
            let _ = changes.send(change);
        }
        let _ = changes.send(Change::Daemon);
    })
}
