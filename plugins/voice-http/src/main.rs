//! The executable of the voice plugin for providers with an HTTP interface.

use std::process::ExitCode;

use readmit_telephone::log;
use readmit_voice_http::plugin::VoiceHttp;

fn main() -> ExitCode {
    log::start("readmit-voice-http");
    match readmit_plugin::serve::<VoiceHttp>() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "the plugin cannot serve");
            ExitCode::FAILURE
        }
    }
}
