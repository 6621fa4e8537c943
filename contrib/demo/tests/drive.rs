//! Driving a recovery as a person does: one terminal for `readmit recover`, a second one for mail and phone.

#![cfg(test)]

use std::fs::File;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use readmit_demo::binaries::Binaries;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);

fn demo() -> Command {
    let own = std::env::current_exe().unwrap();
    let deps = own.parent().unwrap();
    let directory: PathBuf = if deps.ends_with("deps") { deps.parent().unwrap() } else { deps }.to_owned();
    match Binaries::find(&directory) {
        Ok(binaries) => Command::new(binaries.demo),
        Err(missing) => panic!("{missing}"),
    }
}

/// A program at a terminal.
struct Terminal {
    child: Child,
    keyboard: File,
    screen: Receiver<Vec<u8>>,
    seen: String,
}

impl Terminal {
    fn start(mut command: Command) -> Self {
        let keyboard = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&keyboard).unwrap();
        unlockpt(&keyboard).unwrap();
        let name = ptsname(&keyboard, Vec::new()).unwrap();
        let line = File::options().read(true).write(true).open(name.to_str().unwrap()).unwrap();
        let (one, two) = (line.try_clone().unwrap(), line.try_clone().unwrap());
        let command = command.stdin(Stdio::from(line)).stdout(Stdio::from(one)).stderr(Stdio::from(two));
        let child = command.env("NO_COLOR", "1").env_remove("READMIT_LOG").spawn().unwrap();
        let keyboard = File::from(keyboard);
        let mut glass = keyboard.try_clone().unwrap();
        let (shown, screen) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length) = glass.read(&mut buffer) {
                if length == 0 || shown.send(buffer[..length].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self { child, keyboard, screen, seen: String::new() }
    }

    /// Waits until this is on the screen; what was before it is forgotten.
    fn see(&mut self, wanted: &str) {
        self.see_then(wanted, |rest| Some((String::new(), rest.len())));
    }

    /// Waits for the first word after this.
    fn see_word_after(&mut self, wanted: &str) -> String {
        self.see_then(wanted, |rest| {
            let word = rest.trim_start();
            let end = word.find(char::is_whitespace)?;
            Some((word[..end].to_owned(), word[end..].len()))
        })
    }

    /// Waits for this and for `read` to make something of what follows; `read` tells how much is left.
    fn see_then(&mut self, wanted: &str, read: impl Fn(&str) -> Option<(String, usize)>) -> String {
        let until = Instant::now() + PATIENCE;
        loop {
            let found = self.seen.find(wanted).and_then(|at| read(&self.seen[at + wanted.len()..]));
            if let Some((word, left)) = found {
                self.seen = self.seen.split_off(self.seen.len() - left);
                return word;
            }
            match self.screen.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(bytes) => self.seen.push_str(&String::from_utf8_lossy(&bytes).replace('\r', "")),
                Err(_) => panic!("{wanted:?} was never seen; the screen:\n{}", self.seen),
            }
        }
    }

    fn say(&mut self, line: &str) {
        self.keyboard.write_all(format!("{line}\n").as_bytes()).unwrap();
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // A test that has failed leaves nothing behind; one that has not has waited already.
        if let (Ok(None), Some(id)) =
            (self.child.try_wait(), rustix::process::Pid::from_raw(self.child.id() as i32))
        {
            let _ = rustix::process::kill_process(id, rustix::process::Signal::TERM);
            let _ = self.child.wait();
        }
    }
}

/// J1 to J14 by hand: the link is opened on the phone, so its code is typed into the first page; the call is
/// answered at the second terminal.
#[test]
fn a_recovery_by_hand_at_two_terminals() {
    let mut first = Terminal::start({
        let mut command = demo();
        command.arg("--drive");
        command
    });
    let directory = first.see_word_after("phone --dir");
    let mut second = Terminal::start({
        let mut command = demo();
        command.args(["phone", "--dir", &directory]);
        command
    });
    second.see("the mailbox is empty");

    first.see("Your choice:");
    first.say("2");
    first.see("Your choice:");
    first.say("1");
    first.see("Password");
    first.say("correct horse battery staple");
    first.see("Your choice:");
    first.say("");
    second.see("✉ mail 1");
    second.say("open");
    let code = second.see_word_after("type this code there: ") + &second.see_word_after("");
    first.see("Code (");
    first.say(&code);
    first.see("call me now");
    first.say("");
    let digits = first.see_word_after("six digits: ") + &first.see_word_after("");
    second.see("the phone rings");
    second.say("answer");
    second.see("you are on the line");
    second.say(&digits);
    first.see("You have recovered your account");
    first.see("Your choice:");
    first.say("");
    first.see("New password");
    first.say("a new long pass phrase");
    first.see("Once more");
    first.say("a new long pass phrase");
    first.see("A name for it");
    first.say("my new phone");
    let secret = first.see_word_after("type this secret into it: ");
    first.see("The code the new device shows");
    second.say(&format!("app {secret}"));
    let now = second.see_word_after("new device 1: ") + &second.see_word_after("");
    let before = second.see_word_after("(before it ") + second.see_word_after("").trim_end_matches(',');
    first.say(&before);
    first.see("The next code");
    first.say(&now);
    first.see("The recovery is complete");
    first.see("Nothing is left behind");
    assert!(first.child.wait().unwrap().success());
    second.see("The demonstration has ended");
    assert!(second.child.wait().unwrap().success());
}

#[test]
fn a_phone_that_answers_itself_needs_no_second_terminal() {
    let mut terminal = Terminal::start({
        let mut command = demo();
        command.args(["--drive", "--unattended-phone"]);
        command
    });
    terminal.see("Your phone answers itself");
    terminal.see("Your choice:");
    // Ctrl-C goes to whatever is in the foreground; here it is the demonstration that is told to stop.
    let id = rustix::process::Pid::from_child(&terminal.child);
    rustix::process::kill_process(id, rustix::process::Signal::INT).unwrap();
    assert_eq!(terminal.child.wait().unwrap().code(), Some(130));
}

/// At a terminal as anywhere else.
#[test]
fn without_a_choice_the_page_is_served() {
    let mut terminal = Terminal::start({
        let mut command = demo();
        command.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
        command
    });
    terminal.see("Open this in a browser on this machine");
    let url = terminal.see_word_after("http://localhost:");
    assert!(url.ends_with('/'), "{url}");
    terminal.see("Ctrl-C ends the demonstration");
    let id = rustix::process::Pid::from_child(&terminal.child);
    rustix::process::kill_process(id, rustix::process::Signal::INT).unwrap();
    terminal.see("Nothing is left behind");
    assert!(terminal.child.wait().unwrap().success());
}

#[test]
fn a_second_terminal_without_a_demonstration_says_what_to_do() {
    let nowhere = tempfile::tempdir().unwrap();
    let output = demo().args(["phone", "--dir"]).arg(nowhere.path()).stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("readmit demo --drive"), "{said}");
}
