//! The e-mail plugin of Readmit: writes a message from templates and hands it to one SMTP server.
//!
//! The way of one message: [`purpose`] checks what the daemon sent, [`templates`] writes subject, text and HTML,
//! `message` makes a MIME message of them, `smtp` hands it over, and `plugin` tries again until the deadline.
//! The wire, deadlines and repeated ids are [`readmit_plugin`]'s; whether to send at all is the daemon's.

pub mod limits;
mod log;
mod message;
mod plugin;
pub mod purpose;
pub mod settings;
mod smtp;
pub mod templates;

use std::error::Error as _;
use std::process::ExitCode;

pub use message::AddressFault;
pub use plugin::{Email, StartError};
pub use smtp::SetupError;

/// Serves until the daemon, the end of input or a signal ends it.
#[must_use]
pub fn run() -> ExitCode {
    log::start();
    match readmit_plugin::serve::<Email>() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
            tracing::error!("{error}{cause}");
            ExitCode::FAILURE
        }
    }
}
