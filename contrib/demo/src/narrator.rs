//! What the watcher reads: who does what, at a human pace.

use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::limits;
use crate::mailbox::Mail;

/// How long one breath is at a human pace.
const BREATH: Duration = Duration::from_millis(900);

/// Who does or says something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// The person.
    Alice,
    /// What the recovery page shows.
    Page,
    /// The telephone.
    Phone,
    /// The mailbox.
    Mail,
    /// The organization's administrator.
    Admin,
}

impl Who {
    const fn name(self) -> &'static str {
        match self {
            Self::Alice => "Alice",
            Self::Page => "page",
            Self::Phone => "phone",
            Self::Mail => "mail",
            Self::Admin => "admin",
        }
    }

    const fn colour(self) -> &'static str {
        match self {
            Self::Alice => "\x1b[1m",
            Self::Page => "\x1b[36m",
            Self::Phone => "\x1b[33m",
            Self::Mail => "\x1b[35m",
            Self::Admin => "\x1b[32m",
        }
    }
}

/// Tells the story.
pub struct Narrator {
    out: Mutex<Box<dyn Write + Send>>,
    colours: bool,
    breath: Duration,
}

impl std::fmt::Debug for Narrator {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Narrator").field("breath", &self.breath).finish_non_exhaustive()
    }
}

impl Narrator {
    /// A narrator on standard output; `fast` takes no breath.
    #[must_use]
    pub fn on_stdout(fast: bool) -> Self {
        let colours = io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        let breath = if fast { Duration::ZERO } else { BREATH };
        Self { out: Mutex::new(Box::new(io::stdout())), colours, breath }
    }

    /// A narrator that writes elsewhere, without colours and without breath.
    #[must_use]
    pub fn on(out: Box<dyn Write + Send>) -> Self {
        Self { out: Mutex::new(out), colours: false, breath: Duration::ZERO }
    }

    /// Begins a chapter.
    pub fn chapter(&self, title: &str) {
        let (bold, plain) = self.style("\x1b[1m");
        self.write(&format!("\n{bold}── {title}{plain}\n"));
    }

    /// Tells what somebody does or says.
    pub fn tell(&self, who: Who, what: &str) {
        let (colour, plain) = self.style(who.colour());
        let mut lines = what.lines();
        let first = lines.next().unwrap_or_default();
        let mut text = format!("{colour}{:>7}{plain}  {first}\n", who.name());
        for line in lines {
            text.push_str(&format!("         {line}\n"));
        }
        self.write(&text);
    }

    /// Shows a mail as a mail program would.
    pub fn mail(&self, mail: &Mail) {
        self.tell(Who::Mail, &format!("new mail from {}", mail.from));
        let (dim, plain) = self.style("\x1b[2m");
        let mut text = format!("         {dim}│{plain} {}\n         {dim}│{plain}\n", mail.subject);
        let lines: Vec<_> = mail.text.trim().lines().collect();
        for line in lines.iter().take(limits::MAIL_LINES) {
            let line = printable(line);
            let space = if line.is_empty() { "" } else { " " };
            text.push_str(&format!("         {dim}│{plain}{space}{line}\n"));
        }
        if lines.len() > limits::MAIL_LINES {
            text.push_str(&format!("         {dim}│ …{plain}\n"));
        }
        self.write(&text);
    }

    /// Writes lines as they are.
    pub fn plain(&self, text: &str) {
        self.write(&format!("{text}\n"));
    }

    /// Takes so many breaths.
    pub async fn breathe(&self, breaths: u32) {
        if !self.breath.is_zero() {
            tokio::time::sleep(self.breath * breaths).await;
        }
    }

    fn style(&self, on: &'static str) -> (&'static str, &'static str) {
        if self.colours { (on, "\x1b[0m") } else { ("", "") }
    }

    fn write(&self, text: &str) {
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        // A closed terminal ends the demonstration by SIGHUP; there is nobody to tell here.
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }
}

/// The line without control characters: what comes by mail must not steer a terminal.
#[must_use]
pub fn printable(line: &str) -> String {
    line.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::mailbox::Mailbox;
    use crate::smtp::session::Envelope;

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn the_story_reads_well_and_steers_no_terminal() {
        let page = Page::default();
        let narrator = Narrator::on(Box::new(page.clone()));
        narrator.chapter("One");
        narrator.tell(Who::Phone, "rings\nand rings");
        let mailbox = Mailbox::default();
        let content = "From: a@example.org\r\nSubject: Hello\r\n\r\nred\x1b[31m\r\nend\r\n";
        mailbox.put(Envelope { from: String::new(), to: Vec::new(), content: content.into() });
        narrator.mail(&mailbox.mail(1).unwrap());
        let text = String::from_utf8(page.0.lock().unwrap().clone()).unwrap();
        assert_eq!(
            text,
            "\n── One\n  phone  rings\n         and rings\n   mail  new mail from a@example.org\n         │ Hello\n         │\n         │ red [31m\n         │ end\n"
        );
    }
}
