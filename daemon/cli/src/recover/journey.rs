//! The loop around the screens: look at the case, show it, wait for the person, the phone or the clock, act.

use futures_util::StreamExt as _;
use readmit_recovery::account::Reason;
use readmit_recovery::secret::Secret;

use super::answer::{claimed, judged, without_controls};
use super::case::{Case, State};
use super::screen::{Action, Enrollment, Entry, Meaning, Screen, Session, screen};
use super::{form, opening};
use crate::bus::proxies::{CaseChangedStream, RecoveryProxy};
use crate::bus::value::{object, view};
use crate::context::Context;
use crate::failure::{Failure, Hint as _, Kind};
use crate::limits::{LOOK_AGAIN, LOOK_AGAIN_IN_CALL};
use crate::output::{self, plain};
use crate::terminal::EchoOff;
use crate::time::{now, until};

/// How a journey begins.
#[derive(Clone, Debug)]
pub struct Beginning {
    /// Who wants back in; asked for if it is missing.
    pub account: Option<String>,
    /// What happened; asked for if it is missing.
    pub reason: Option<Reason>,
    /// For which of the devices.
    pub device: Option<String>,
    /// A case that is open already.
    pub case: Option<String>,
}

/// Walks a person through a recovery to its end.
///
/// # Errors
/// The person left before the end, the case ended otherwise, or the daemon cannot be reached.
pub async fn walk(beginning: Beginning, context: &mut Context) -> Result<(), Failure> {
    let bus = context.recovery().await?;
    // Before the case is opened, so that no change of it is missed.
    let changes = bus.receive_case_changed().await?;
    let mut journey = Journey {
        bus,
        changes,
        context,
        beginning,
        session: Session::default(),
        shown: None,
        notice: Vec::new(),
        is_answered: false,
        hidden: None,
    };
    journey.begin().await?;
    journey.walk().await
}

struct Journey<'a> {
    bus: RecoveryProxy<'static>,
    changes: CaseChangedStream,
    context: &'a mut Context,
    beginning: Beginning,
    session: Session,
    shown: Option<Screen>,
    notice: Vec<String>,
    is_answered: bool,
    hidden: Option<EchoOff>,
}

impl Journey<'_> {
    /// Opens a case, or goes on with one.
    async fn begin(&mut self) -> Result<(), Failure> {
        let case = match self.beginning.case.take() {
            Some(case) => case,
            None => opening::open(&self.bus, &mut self.beginning, self.context).await?,
        };
        let how = format!("your case stays open; go on with: readmit recover --case {case}");
        self.context.next_step = Some(how);
        self.session = Session { case, ..Session::default() };
        self.shown = None;
        Ok(())
    }

    async fn walk(&mut self) -> Result<(), Failure> {
        loop {
            let case = self.look().await?;
            // A masked name is of no use for starting over; then the person is asked.
            if self.beginning.account.is_none() && !case.account.contains(['*', '•']) {
                self.beginning.account = Some(case.account.clone());
            }
            let screen = screen(&case, &self.session, now(), self.context.output.style());
            // Before the prompt appears, so that the first letter is hidden too.
            self.hide(screen.entry.is_secret())?;
            self.show(screen.clone())?;
            if case.state == State::Completed {
                return Ok(());
            }
            let line = match self.wait(&screen).await? {
                Event::TimeToLook => continue,
                Event::EndOfInput => return Err(self.left(&case)),
                Event::Typed(line) => line,
            };
            match self.take(&screen, &line).await {
                Ok(Next::Look) => {}
                Ok(Next::Leave) => return Err(self.left(&case)),
                Err(failure) if is_fatal(failure.kind) => return Err(failure),
                // The daemon's refusals are told to the person, who has other choices.
                Err(failure) => self.tell(&failure.message),
            }
        }
    }

    async fn look(&mut self) -> Result<Case, Failure> {
        let shown = self.bus.show(&self.session.case).await;
        let shown =
            shown.hint(Kind::NotFound, "check the case id, or start anew: readmit recover ACCOUNT")?;
        view(without_controls(object(&shown)))
    }

    /// Prints what is new, and the prompt if the person is to type.
    fn show(&mut self, screen: Screen) -> Result<(), Failure> {
        let style = self.context.output.style();
        let mut text = String::new();
        let had_notice = !self.notice.is_empty();
        if had_notice {
            text.push('\n');
        }
        for line in self.notice.drain(..) {
            text += &format!("  {}\n", style.bold(&line));
        }
        let news = screen.news(self.shown.as_ref());
        if !news.is_empty() {
            text.push('\n');
        }
        for line in &news {
            text += format!("  {line}").trim_end_matches(' ');
            text.push('\n');
        }
        let is_asked = self.takes_lines(&screen)
            && screen.choices.len() + usize::from(screen.entry != Entry::Nothing) > 1;
        if is_asked && (had_notice || !news.is_empty() || self.is_answered) {
            text += &format!("\n  {}: ", screen.entry.prompt());
            if !self.context.terminal.is_interactive() {
                text.push('\n');
            }
        }
        self.is_answered = false;
        self.shown = Some(screen);
        output::write(&text)
    }

    /// A script's next line is for what comes after the call, a person may interrupt.
    fn takes_lines(&self, screen: &Screen) -> bool {
        self.context.terminal.is_interactive() || !screen.is_elsewhere
    }

    async fn wait(&mut self, screen: &Screen) -> Result<Event, Failure> {
        let takes_lines = self.takes_lines(screen);
        let pause = if screen.is_elsewhere { LOOK_AGAIN_IN_CALL } else { LOOK_AGAIN };
        let pause = tokio::time::sleep(pause);
        tokio::pin!(pause);
        loop {
            tokio::select! {
                line = self.context.terminal.line(), if takes_lines => {
                    return Ok(line?.map_or(Event::EndOfInput, Event::Typed));
                }
                change = self.changes.next() => {
                    let Some(change) = change else {
                        return Err(Failure::new(Kind::Unavailable, "the connection to readmitd was lost"));
                    };
                    if change.args().is_ok_and(|change| *change.case() == self.session.case) {
                        return Ok(Event::TimeToLook);
                    }
                }
                () = &mut pause => return Ok(Event::TimeToLook),
            }
        }
    }

    /// Turns the echo off, or on again; while a person types it does not flicker.
    fn hide(&mut self, is_secret: bool) -> Result<(), Failure> {
        if !is_secret {
            self.hidden = None;
        } else if self.hidden.is_none() {
            self.hidden = self.context.terminal.hide()?;
        }
        Ok(())
    }

    async fn take(&mut self, screen: &Screen, line: &Secret) -> Result<Next, Failure> {
        self.is_answered = true;
        match screen.meaning(line.expose()) {
            Meaning::Action(action) => self.act(action).await,
            Meaning::Unclear => {
                self.tell("That is none of the choices.");
                Ok(Next::Look)
            }
            Meaning::Typed => self.hand_in(&screen.entry, line).await,
        }
    }

    async fn act(&mut self, action: Action) -> Result<Next, Failure> {
        self.hide(false)?;
        match action {
            Action::Look => {}
            Action::StartLater(at) => {
                self.tell(&format!(
                    "That is possible {}. Wait until then, or choose another way.",
                    until(at, now())
                ));
            }
            Action::Choose(factor) => self.session.factor = Some(factor),
            Action::Start(factor) => {
                self.session.factor = Some(factor.clone());
                self.bus.start(&self.session.case, &factor).await?;
            }
            Action::Claim => {
                let lines = claimed(&without_controls(object(&self.bus.claim(&self.session.case).await?)));
                self.notice.extend(lines);
            }
            Action::Enroll => self.session.enrollment = None,
            Action::Cancel => self.bus.cancel(&self.session.case).await?,
            Action::StartOver => {
                match self.bus.cancel(&self.session.case).await.map_err(Failure::from) {
                    Err(failure) if failure.kind == Kind::Unavailable => return Err(failure),
                    // A case that has ended cannot be cancelled, and need not be.
                    _ => {}
                }
                self.begin().await?;
            }
            Action::Support => self.ask_support().await?,
            Action::Leave => return Ok(Next::Leave),
        }
        Ok(Next::Look)
    }

    async fn ask_support(&mut self) -> Result<(), Failure> {
        let account = self.beginning.account.clone().unwrap_or_default();
        match form::fill(&account, self.context).await? {
            Some(form) => {
                let ticket = self.bus.escalate(&self.session.case, form).await?;
                self.tell(&format!("Support has it as ticket {}. Keep this id.", plain(&ticket)));
            }
            None => self.tell("The form was not sent."),
        }
        Ok(())
    }

    async fn hand_in(&mut self, entry: &Entry, line: &Secret) -> Result<Next, Failure> {
        let case = self.session.case.clone();
        match entry {
            Entry::Nothing => {}
            Entry::Proof { factor, then, .. } => {
                let second = match then {
                    Some(question) => Some(self.second(question).await?),
                    None => None,
                };
                let proof: Vec<&str> =
                    [Some(line), second.as_ref()].into_iter().flatten().map(Secret::expose).collect();
                let answer = without_controls(object(&self.bus.submit(&case, factor, &proof).await?));
                self.session.factor = Some(factor.clone());
                self.notice.push(judged(&answer));
            }
            Entry::NewPassword => {
                if self.second("Once more (not shown while you type)").await? == *line {
                    self.bus.change_password(&case, line.expose()).await?;
                    self.tell("Your new password is set.");
                } else {
                    self.tell("The two were not the same. Try again.");
                }
            }
            Entry::Label => {
                let label =
                    Some(line.expose().trim()).filter(|label| !label.is_empty()).unwrap_or("authenticator");
                let enrollment = without_controls(object(&self.bus.begin_enrollment(&case, label).await?));
                let text = |key: &str| enrollment[key].as_str().unwrap_or_default().to_owned();
                self.session.enrollment = Some(Enrollment { uri: text("uri"), secret: text("secret") });
            }
            Entry::DeviceCodes => {
                let second =
                    self.second("The next code, after it has changed (not shown while you type)").await?;
                self.bus.confirm_enrollment(&case, line.expose().trim(), second.expose().trim()).await?;
                self.tell("Your new device is enrolled.");
            }
        }
        Ok(Next::Look)
    }

    /// The second part of what is typed.
    async fn second(&mut self, question: &str) -> Result<Secret, Failure> {
        self.hide(true)?;
        let end = if self.context.terminal.is_interactive() { "" } else { "\n" };
        output::write(&format!("  {question}: {end}"))?;
        let line = self.context.terminal.line().await?;
        line.ok_or_else(|| Failure::new(Kind::Usage, "the second part is missing; nothing was handed in"))
    }

    fn tell(&mut self, notice: &str) {
        self.notice.push(plain(notice));
    }

    /// Leaving before the end is no success, so that a script can tell.
    fn left(&self, case: &Case) -> Failure {
        let (what, next) = match case.state {
            State::Denied => ("the recovery was refused", "contact support if you are the owner"),
            State::Vetoed => {
                ("the recovery was stopped", "contact support, or start over: readmit recover ACCOUNT")
            }
            State::Cancelled => ("the recovery was called off", "start over: readmit recover ACCOUNT"),
            State::Expired => ("the time for this recovery is over", "start over: readmit recover ACCOUNT"),
            _ => (
                "you are not back in yet",
                self.context.next_step.as_deref().unwrap_or("readmit recover ACCOUNT"),
            ),
        };
        Failure::new(Kind::Failed, what).with_hint(next)
    }
}

/// What ended a wait.
enum Event {
    Typed(Secret),
    EndOfInput,
    TimeToLook,
}

/// What follows an action.
enum Next {
    Look,
    Leave,
}

const fn is_fatal(kind: Kind) -> bool {
    matches!(kind, Kind::Unavailable | Kind::NotAuthorized | Kind::Interrupted)
}
