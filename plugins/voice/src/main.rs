//! The executable of the voice plugin.

use std::process::ExitCode;

use readmit_telephone::log;
use readmit_voice::plugin::Voice;
use readmit_voice::ports;

fn main() -> ExitCode {
    log::start("readmit-voice");
    ports::allow_many();
    match readmit_plugin::serve::<Voice>() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "the plugin cannot serve");
            ExitCode::FAILURE
        }
    }
}
