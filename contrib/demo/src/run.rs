//! From the command line to the end of the show.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use thiserror::Error;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use crate::authenticator::{Authenticator, NoSecret};
use crate::binaries::{Binaries, Missing};
use crate::drive::{DriveError, Hands, drive};
use crate::guard::{self, GuardError};
use crate::home::PortalPlace;
use crate::limits;
use crate::narrator::{Narrator, Who};
use crate::options::{Options, Show, Verb};
use crate::person::Behaviour;
use crate::pocket::shown;
use crate::pocket::terminal::{self, NoPocket};
use crate::stage::{Stage, StageError};
use crate::watch::{JourneyError, play};
use crate::web::places::{NoPlace, Places};
use crate::web::room::NextCall;
use crate::web::{self, Showing, WebError};

/// Why the show did not come to its end.
#[derive(Debug, Error)]
enum ShowError {
    #[error("the demonstration's own place is unknown")]
    OwnPlace(#[source] io::Error),
    #[error(transparent)]
    Missing(#[from] Missing),
    #[error("the demonstration could not start its threads")]
    Runtime(#[source] io::Error),
    #[error("signals cannot be heard")]
    Signals(#[source] io::Error),
    #[error(
        "--busy, --no-answer, --decline and --wrong-digits are for a phone that answers itself: with --drive, add --unattended-phone, or do it yourself at the second terminal"
    )]
    OwnHands,
    #[error("the demonstration could not be set up")]
    Stage(#[source] Box<StageError>),
    #[error("the recovery did not come to its end")]
    Journey(#[source] Box<JourneyError>),
    #[error(transparent)]
    Drive(#[from] DriveError),
    #[error(transparent)]
    Web(#[from] WebError),
    #[error(transparent)]
    NoPlace(#[from] NoPlace),
    #[error(transparent)]
    Guard(#[from] GuardError),
    #[error(transparent)]
    NoPocket(#[from] NoPocket),
    #[error(transparent)]
    NoSecret(#[from] NoSecret),
    #[error("the answer could not be written")]
    Say(#[source] io::Error),
    #[error("interrupted")]
    Interrupted,
}

/// What is shown.
#[derive(Debug)]
enum Mode {
    Web(Box<Places>),
    Watch { fast: bool },
    Drive(Hands),
}

/// Runs the program. The exit code is 0 only when the recovery came to its end.
#[must_use]
pub fn run() -> ExitCode {
    let options = Options::parse();
    let shown = match options.verb {
        Some(Verb::Guard { parent, program, arguments }) => {
            Err(guard::become_program(parent, &program, &arguments).into())
        }
        Some(Verb::Phone { dir }) => terminal::connect(&dir).map_err(ShowError::from),
        Some(Verb::App { secret }) => app(&secret),
        None => show(&options.show),
    };
    match shown {
        Ok(()) => ExitCode::SUCCESS,
        Err(ShowError::Interrupted) => ExitCode::from(130),
        Err(error) => {
            report(&error);
            ExitCode::FAILURE
        }
    }
}

fn app(secret: &str) -> Result<(), ShowError> {
    let device = Authenticator::scan(secret)?;
    let left = Authenticator::seconds_left();
    writeln!(io::stdout(), "{}; they change in {left} s", shown(&device)).map_err(ShowError::Say)
}

fn report(error: &dyn std::error::Error) {
    let mut text = format!("error: {error}");
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(&format!("\n  because: {cause}"));
        source = cause.source();
    }
    // If standard error is closed there is nobody left to tell.
    let _ = writeln!(io::stderr(), "{text}");
}

fn show(options: &Show) -> Result<(), ShowError> {
    let filter = EnvFilter::try_from_env("READMIT_LOG")
        .unwrap_or_else(|_| EnvFilter::new("warn,rsipstack=off,busd=off,zbus=off"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).init();
    let program = std::env::current_exe().map_err(ShowError::OwnPlace)?;
    let binaries = Binaries::find(program.parent().unwrap_or(&program))?;
    let runtime = tokio::runtime::Runtime::new().map_err(ShowError::Runtime)?;
    // The kernel ends guarded children with the thread that started them: this one, which lives to the end.
    runtime.block_on(async {
        let mode = mode(options).await?;
        perform(options, mode, &binaries).await
    })
}

async fn mode(options: &Show) -> Result<Mode, ShowError> {
    let first = options.first_call();
    let played = options.watch || options.fast || first != Behaviour::Right;
    match (options.web, options.drive) {
        (_, true) if options.unattended_phone => Ok(Mode::Drive(Hands::None(first))),
        (_, true) if first != Behaviour::Right => Err(ShowError::OwnHands),
        (_, true) => Ok(Mode::Drive(Hands::Own)),
        (false, false) if played => Ok(Mode::Watch { fast: options.fast || !io::stdout().is_terminal() }),
        (_, false) => Ok(Mode::Web(Box::new(Places::take(options.port).await?))),
    }
}

async fn perform(options: &Show, mode: Mode, binaries: &Binaries) -> Result<(), ShowError> {
    let first = options.first_call();
    let ring_seconds = match (&mode, first) {
        (Mode::Web(_), _) => limits::WEB_RING_SECONDS,
        (_, Behaviour::NoAnswer) => limits::SHORT_RING_SECONDS,
        _ => limits::RING_SECONDS,
    };
    let fast = matches!(mode, Mode::Watch { fast: true });
    let narrator = Arc::new(Narrator::on_stdout(fast));
    narrator
        .tell(Who::Admin, "starts a bus, readmitd, its e-mail and voice plugins, a mail server and a phone");
    let interrupted = interrupted()?;
    tokio::pin!(interrupted);
    let portal = match &mode {
        Mode::Web(places) => Some(PortalPlace {
            listen: places.portal_address(),
            url: places.portal_url(),
            framed_by: places.stage_url(),
        }),
        Mode::Watch { .. } | Mode::Drive(_) => None,
    };
    let mut stage = tokio::select! {
        stage = Stage::set(binaries, options.keep.as_deref(), ring_seconds, portal) => stage.map_err(|error| ShowError::Stage(Box::new(error)))?,
        () = &mut interrupted => return Err(ShowError::Interrupted),
    };
    let directory = stage.home.path().display().to_string();
    narrator
        .tell(Who::Admin, &format!("everything is in {directory}; readmit.toml there is the configuration"));
    // A page has no end of its own.
    let stopped = if matches!(mode, Mode::Web(_)) { Ok(()) } else { Err(ShowError::Interrupted) };
    let shown = tokio::select! {
        shown = act(&mut stage, mode, options, binaries, narrator.clone()) => shown,
        () = &mut interrupted => stopped,
    };
    stage.strike().await;
    shown?;
    match &options.keep {
        Some(_) => narrator.plain(&format!("\nDone. {directory} is kept.")),
        None => narrator.plain("\nDone. Nothing is left behind."),
    }
    Ok(())
}

async fn act(
    stage: &mut Stage,
    mode: Mode,
    options: &Show,
    binaries: &Binaries,
    narrator: Arc<Narrator>,
) -> Result<(), ShowError> {
    let first = options.first_call();
    match mode {
        Mode::Web(places) => {
            let first_call = match first {
                Behaviour::Right | Behaviour::WrongDigits => NextCall::Rings,
                Behaviour::Busy => NextCall::Busy,
                Behaviour::NoAnswer => NextCall::Unheard,
                Behaviour::Decline => NextCall::Declined,
            };
            let showing = Showing { first_call, open: !options.no_open };
            Ok(web::host(stage, binaries, *places, narrator, showing).await?)
        }
        Mode::Watch { .. } => {
            play(stage, narrator, first).await.map_err(|error| ShowError::Journey(Box::new(error)))
        }
        Mode::Drive(hands) => Ok(drive(stage, binaries, narrator, hands).await?),
    }
}

/// Waits for Ctrl-C, SIGTERM or SIGHUP.
fn interrupted() -> Result<impl Future<Output = ()>, ShowError> {
    let listen = |kind| signal(kind).map_err(ShowError::Signals);
    let (mut interrupt, mut terminate, mut hang_up) =
        (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?, listen(SignalKind::hangup())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hang_up.recv() => {}
        }
    })
}
