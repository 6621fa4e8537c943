//! The executable of the voice plugin for providers with an HTTP interface.

use std::process::ExitCode;

use readmit_voice_http::{log, plugin::VoiceHttp};

fn main() -> ExitCode {
    log::start();
    match readmit_plugin::serve::<VoiceHttp>() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "the plugin cannot serve");
            ExitCode::FAILURE
        }
    }
}
