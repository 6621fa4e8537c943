//! The executable of the voice plugin.

use std::process::ExitCode;

use readmit_voice::{log, plugin::Voice};

fn main() -> ExitCode {
    log::start();
    match readmit_plugin::serve::<Voice>() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "the plugin cannot serve");
            ExitCode::FAILURE
        }
    }
}
