//! A person at a real terminal: what is not shown, and what Ctrl-C leaves behind.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};
use serde_json::{Value, json};

use crate::fake::{Fake, Reply};
use crate::run::{command, readmit};

/// Longer than anything takes to be shown on a busy machine.
const LIMIT: Duration = Duration::from_secs(60);

/// A terminal with the command line in it.
pub struct Screen {
    keyboard: File,
    slave: OwnedFd,
    child: Child,
    shown: mpsc::Receiver<Vec<u8>>,
    /// What was shown since the last keys.
    pub text: String,
}

impl Screen {
    pub fn start(address: &str, arguments: &[&str]) -> Self {
        Self::start_sized(address, arguments, 50)
    }

    /// One of so many lines.
    pub fn start_sized(address: &str, arguments: &[&str], rows: u16) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
        let slave = File::options().read(true).write(true).open(name).unwrap();
        tcsetwinsize(&slave, Winsize { ws_row: rows, ws_col: 120, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
        let inner = command(address);
        // A session of its own, so that Ctrl-C is a signal to the command and not to the tests.
        let mut outer = Command::new("setsid");
        outer.args(["--ctty", "--wait"]).arg(inner.get_program()).args(arguments);
        for (name, value) in inner.get_envs() {
            match value {
                Some(value) => outer.env(name, value),
                None => outer.env_remove(name),
            };
        }
        let end = || Stdio::from(slave.try_clone().unwrap());
        let child = outer.stdin(end()).stdout(end()).stderr(end()).spawn().expect("util-linux is installed");
        let keyboard = File::from(master);
        let mut screen = keyboard.try_clone().unwrap();
        let (sender, shown) = mpsc::channel();
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = screen.read(&mut bytes) {
                if sender.send(bytes[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self { keyboard, slave: slave.into(), child, shown, text: String::new() }
    }

    /// Waits until this is shown.
    pub fn wait_for(&mut self, words: &str) {
        while !self.text.contains(words) {
            match self.shown.recv_timeout(LIMIT) {
                Ok(bytes) => self.text += &String::from_utf8_lossy(&bytes),
                Err(_) => panic!("`{words}` is never shown: {}", self.text),
            }
        }
    }

    pub fn type_in(&mut self, keys: &str) {
        self.text.clear();
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    pub fn echoes(&self) -> bool {
        tcgetattr(&self.slave).unwrap().local_modes.contains(LocalModes::ECHO)
    }

    /// Whether it gives what is typed line by line.
    pub fn takes_lines(&self) -> bool {
        tcgetattr(&self.slave).unwrap().local_modes.contains(LocalModes::ICANON)
    }

    /// Waits until the command has ended and everything that it wrote is seen.
    pub fn wait_for_end(&mut self) {
        self.child.wait().unwrap();
        // A mark of the test's own, behind what is still under way.
        self.slave_write("\u{1}end\u{1}");
        self.wait_for("\u{1}end\u{1}");
        self.text = self.text.replace("\u{1}end\u{1}", "");
    }

    fn slave_write(&self, text: &str) {
        rustix::io::write(&self.slave, text.as_bytes()).unwrap();
    }

    pub fn end(mut self) -> i32 {
        self.child.wait().unwrap().code().expect("it ends by itself")
    }
}

#[test]
fn a_password_is_typed_twice_and_never_shown() {
    let fake = Fake::always(json!(null));
    let mut screen = Screen::start(&fake.address, &["account", "set-password", "alice"]);
    screen.wait_for("New password: ");
    assert!(!screen.echoes());
    screen.type_in("correct horse\n");
    screen.wait_for("Once more: ");
    assert!(!screen.text.contains("correct"), "{}", screen.text);
    screen.type_in("correct horse\n");
    screen.wait_for("The password of alice is set.");
    assert!(!screen.text.contains("correct") && screen.echoes());
    assert_eq!(screen.end(), 0);
    assert_eq!(fake.calls()[0].arguments, json!(["alice", "correct horse"]));
}

#[test]
fn two_different_passwords_change_nothing() {
    let fake = Fake::always(json!(null));
    let mut screen = Screen::start(&fake.address, &["account", "set-password", "alice"]);
    screen.wait_for("New password: ");
    screen.type_in("one\n");
    screen.wait_for("Once more: ");
    screen.type_in("two\n");
    screen.wait_for("the two were not the same");
    assert_eq!(screen.end(), 2);
    assert_eq!(fake.calls(), []);
}

#[test]
fn ctrl_c_gives_the_echo_back() {
    let fake = Fake::always(json!(null));
    let mut screen = Screen::start(&fake.address, &["account", "set-password", "alice"]);
    screen.wait_for("New password: ");
    assert!(!screen.echoes());
    screen.type_in("half a pass\u{3}");
    screen.wait_for("error: interrupted");
    assert!(screen.echoes());
    assert_eq!(screen.end(), 130);
    assert_eq!(fake.calls(), []);
}

#[test]
fn something_is_removed_only_after_a_yes() {
    let fake = Fake::always(json!(null));
    for (answer, code) in [("n\n", 1), ("y\n", 0)] {
        let mut screen = Screen::start(&fake.address, &["account", "remove", "alice"]);
        screen.wait_for("[y/N]");
        screen.type_in(answer);
        screen.wait_for(if code == 0 { "is removed" } else { "nothing was changed" });
        assert_eq!(screen.end(), code);
    }
    assert_eq!(fake.calls().len(), 1);
}

/// The daemon is told whether it may ask for a password: where there is a terminal, or somebody said so.
#[test]
fn a_password_is_asked_for_only_where_somebody_is() {
    let fake = Fake::always(json!([]));
    let mut screen = Screen::start(&fake.address, &["account", "list"]);
    screen.wait_for("No account");
    assert_eq!(screen.end(), 0);
    for arguments in [&["account", "list"][..], &["account", "list", "--ask-password"]] {
        assert_eq!(readmit(&fake.address, arguments, "").code, 0);
    }
    assert_eq!(fake.may_ask(), [true, false, true]);
}

fn password_step() -> Value {
    json!({"state": "proving", "account": "alice", "steps": [{"factor": "password", "state": "open"}]})
}

#[test]
fn ctrl_c_leaves_a_recovery_open_and_says_how_to_go_on() {
    let fake = Fake::start(|call| match call.method.as_str() {
        "Recovery1.Open" => Reply::Value(json!("c1")),
        "Recovery1.Show" => Reply::Value(password_step()),
        other => panic!("{other}"),
    });
    let mut screen = Screen::start(&fake.address, &["recover", "alice", "--reason", "lost"]);
    screen.wait_for("Password (not shown while you type): ");
    assert!(!screen.echoes());
    screen.type_in("\u{3}");
    screen.wait_for("readmit recover --case c1");
    assert!(screen.echoes());
    assert_eq!(screen.end(), 130);
}

/// The screen follows the call while the person does nothing at the keyboard.
#[test]
fn a_call_is_followed_live() {
    let call = |state: &str, phase: &str| {
        json!({"state": "proving", "account": "alice", "steps": [
            {"factor": "voice", "state": state, "code": "482913", "phase": phase, "tries_left": 3}]})
    };
    let views = [call("sent", "ringing"), call("sent", "prompting"), json!({"state": "completed"})];
    let mut shown = 0;
    let fake = Fake::start(move |asked| match asked.method.as_str() {
        "Recovery1.Show" if shown + 1 < views.len() => {
            shown += 1;
            Reply::AndChanged(views[shown - 1].clone(), "c1")
        }
        "Recovery1.Show" => Reply::Value(views[shown].clone()),
        other => panic!("{other}"),
    });
    let mut screen = Screen::start(&fake.address, &["recover", "--case", "c1"]);
    screen.wait_for("Your six digits: 482 913");
    screen.wait_for("Type the six digits on the phone's keypad now.");
    screen.wait_for("Done: you are back in.");
    assert!(screen.echoes());
    assert_eq!(screen.end(), 0);
}

/// Policies and tests that take many seconds to mutate.
fn slow_policies() -> tempfile::TempDir {
    let numbers = "local _ = 1\n".repeat(500);
    let open = "function policy.open(case) return prove { \"password\", \"email\" } end";
    let policy = format!("local policy = {{}}\n{numbers}{open}\nreturn policy\n");
    let tests = "for at = 1, 500 do test(\"number \" .. at, function() open {} end) end\n";
    crate::mutating::directory(&[("default.lua", &policy), ("default_test.lua", tests)])
}

#[test]
fn long_work_shows_a_bar_and_can_be_interrupted() {
    let directory = slow_policies();
    let path = directory.path().to_str().unwrap();
    let mut screen = Screen::start("unix:path=/nowhere", &["policy", "mutate", path, "--threads", "1"]);
    screen.wait_for("mutate [");
    screen.type_in("\u{3}");
    screen.wait_for("\u{1b}[2Kerror: interrupted");
    assert_eq!(screen.end(), 130);
}

#[test]
fn a_bar_leaves_nothing_behind() {
    let directory = slow_policies();
    let path = directory.path().to_str().unwrap();
    let mut screen = Screen::start("unix:path=/nowhere", &["policy", "mutate", path, "--limit", "3"]);
    screen.wait_for("mutate [");
    screen.wait_for("\r\u{1b}[2K\u{1b}[1mdefault.lua");
    screen.wait_for("The tests notice 0 of 3 mistakes (0.0 %); 3 survive.");
    assert_eq!(screen.end(), 0);
}
