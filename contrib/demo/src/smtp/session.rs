//! One SMTP dialogue (RFC 5321) as a state machine: lines in, replies and envelopes out, no I/O.

use super::line::Line;
use super::path::{Path, read_path};
use crate::limits;

/// A message with the addresses that it was handed over with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The reverse path; empty for the null path.
    pub from: String,
    /// The forward paths.
    pub to: Vec<String>,
    /// The message, lines ended by CRLF, transparency removed.
    pub content: Vec<u8>,
}

/// What the server says to a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Nothing yet: the line was part of a message.
    None,
    /// A reply.
    Say(Reply),
    /// A whole message has come; say [`Session::taken`] or [`Session::refused`].
    Take(Envelope),
    /// A reply, then the end of the connection.
    Close(Reply),
}

/// A reply of one or more lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The code.
    pub code: u16,
    /// The text of each line.
    pub lines: Vec<String>,
}

impl Reply {
    fn new(code: u16, text: impl Into<String>) -> Self {
        Self { code, lines: vec![text.into()] }
    }

    /// Writes the reply as it goes over the wire.
    #[must_use]
    pub fn to_wire(&self) -> String {
        let last = self.lines.len().saturating_sub(1);
        self.lines
            .iter()
            .enumerate()
            .map(|(at, line)| format!("{}{}{line}\r\n", self.code, if at == last { ' ' } else { '-' }))
            .collect()
    }
}

/// One dialogue.
#[derive(Debug)]
pub struct Session {
    name: String,
    state: State,
    faults: u32,
}

#[derive(Debug)]
enum State {
    /// Connected; no EHLO yet.
    Connected,
    /// Ready for MAIL.
    Greeted,
    /// MAIL was taken, and so many RCPT.
    Addressed { from: String, to: Vec<String> },
    /// DATA was taken.
    Receiving { envelope: Envelope, fault: Option<Fault>, discarded: usize },
}

/// Why a message that is still coming in will not be taken.
#[derive(Debug, Clone, Copy)]
enum Fault {
    TooLarge,
    LongLine,
    BareLineEnd,
}

impl Session {
    /// Begins a dialogue of the server with this name.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), state: State::Connected, faults: 0 }
    }

    /// The first reply, before any line.
    #[must_use]
    pub fn greeting(&self) -> Reply {
        Reply::new(220, format!("{} ESMTP: every mail stays on this machine", self.name))
    }

    /// The reply to a message that was taken over.
    #[must_use]
    pub fn taken(&self, number: usize) -> Reply {
        Reply::new(250, format!("2.0.0 taken as mail {number}"))
    }

    /// The reply to a message for which there is no room.
    #[must_use]
    pub fn refused(&self) -> Reply {
        Reply::new(452, "4.3.1 the mailbox is full")
    }

    /// How long the next line may be, its CRLF counted.
    #[must_use]
    pub fn bound(&self) -> usize {
        match self.state {
            State::Receiving { .. } => limits::SMTP_TEXT_LINE + 1,
            _ => limits::SMTP_COMMAND_LINE,
        }
    }

    /// Takes one line.
    pub fn take(&mut self, line: Line) -> Answer {
        match std::mem::replace(&mut self.state, State::Greeted) {
            State::Receiving { envelope, fault, discarded } => self.text(line, envelope, fault, discarded),
            state => {
                self.state = state;
                match line {
                    Line::Whole(line) => self.command(&line),
                    Line::TooLong(_) => self.fault(500, "5.5.6 the line is too long"),
                    Line::Bare(_) => self.fault(500, "5.5.2 lines end in CRLF"),
                }
            }
        }
    }

    fn command(&mut self, line: &[u8]) -> Answer {
        let Ok(line) = std::str::from_utf8(line) else {
            return self.fault(500, "5.5.2 commands are ASCII");
        };
        let (verb, argument) = line.split_once(' ').unwrap_or((line, ""));
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" => self.hello(argument, true),
            "HELO" => self.hello(argument, false),
            "MAIL" => self.mail(argument),
            "RCPT" => self.recipient(argument),
            "DATA" => self.data(argument),
            "RSET" => {
                if !matches!(self.state, State::Connected) {
                    self.state = State::Greeted;
                }
                say(250, "2.0.0 forgotten")
            }
            "NOOP" => say(250, "2.0.0 nothing done"),
            "VRFY" => say(252, "2.5.0 every address is taken"),
            "HELP" => say(214, "2.0.0 RFC 5321: EHLO, MAIL, RCPT, DATA, RSET, NOOP, QUIT"),
            "QUIT" => Answer::Close(Reply::new(221, "2.0.0 good-bye")),
            "EXPN" | "AUTH" | "STARTTLS" => self.fault(502, "5.5.1 not offered here"),
            _ => self.fault(500, "5.5.2 unknown command"),
        }
    }

    fn hello(&mut self, argument: &str, extended: bool) -> Answer {
        if argument.trim().is_empty() {
            return self.fault(501, "5.5.4 say who you are");
        }
        self.state = State::Greeted;
        let mut lines = vec![self.name.clone()];
        if extended {
            let size = limits::SMTP_MESSAGE;
            lines.extend(["8BITMIME", "PIPELINING", "ENHANCEDSTATUSCODES"].map(str::to_owned));
            lines.push(format!("SIZE {size}"));
        }
        Answer::Say(Reply { code: 250, lines })
    }

    fn mail(&mut self, argument: &str) -> Answer {
        match self.state {
            State::Connected => return self.fault(503, "5.5.1 say EHLO first"),
            State::Greeted => {}
            _ => return self.fault(503, "5.5.1 a mail is already begun; RSET forgets it"),
        }
        let Some(Path { mailbox, parameters }) = read_path(argument, "FROM") else {
            return self.fault(501, "5.1.7 write MAIL FROM:<address>");
        };
        for (name, value) in parameters {
            match (name.as_str(), value.as_deref()) {
                ("SIZE", Some(size)) => match size.parse::<u64>() {
                    Ok(size) if size <= limits::SMTP_MESSAGE as u64 => {}
                    Ok(_) => return say(552, "5.3.4 the message is too large"),
                    Err(_) => return self.fault(501, "5.5.4 SIZE takes a number"),
                },
                ("BODY", Some(body)) if ["7BIT", "8BITMIME"].iter().any(|b| body.eq_ignore_ascii_case(b)) => {
                }
                _ => return self.fault(555, "5.5.4 a parameter is not known"),
            }
        }
        self.state = State::Addressed { from: mailbox, to: Vec::new() };
        say(250, "2.1.0 sender taken")
    }

    fn recipient(&mut self, argument: &str) -> Answer {
        let State::Addressed { to, .. } = &mut self.state else {
            return self.fault(503, "5.5.1 say MAIL first");
        };
        match read_path(argument, "TO") {
            Some(path) if path.mailbox.is_empty() => {}
            Some(path) if !path.parameters.is_empty() => {
                return self.fault(555, "5.5.4 a parameter is not known");
            }
            Some(_) if to.len() >= limits::SMTP_RECIPIENTS => {
                return say(452, "4.5.3 too many recipients");
            }
            Some(path) => {
                to.push(path.mailbox);
                return say(250, "2.1.5 recipient taken");
            }
            None => {}
        }
        self.fault(501, "5.1.3 write RCPT TO:<address>")
    }

    fn data(&mut self, argument: &str) -> Answer {
        if !argument.is_empty() {
            return self.fault(501, "5.5.4 DATA takes nothing");
        }
        match &mut self.state {
            State::Addressed { from, to } if !to.is_empty() => {
                let envelope =
                    Envelope { from: std::mem::take(from), to: std::mem::take(to), content: Vec::new() };
                self.state = State::Receiving { envelope, fault: None, discarded: 0 };
                say(354, "go on; a dot on a line of its own ends the message")
            }
            State::Addressed { .. } => say(554, "5.5.1 no recipients"),
            _ => self.fault(503, "5.5.1 say MAIL and RCPT first"),
        }
    }

    fn text(
        &mut self,
        line: Line,
        mut envelope: Envelope,
        mut fault: Option<Fault>,
        mut discarded: usize,
    ) -> Answer {
        match line {
            Line::Whole(line) if line == b"." => {
                return match fault {
                    None => Answer::Take(envelope),
                    Some(Fault::TooLarge) => say(552, "5.3.4 the message is too large"),
                    Some(Fault::LongLine) => self.fault(554, "5.6.0 a line is longer than 1000 octets"),
                    Some(Fault::BareLineEnd) => self.fault(554, "5.6.0 lines end in CRLF"),
                };
            }
            Line::Whole(line) => {
                // RFC 5321 §4.5.2: the client doubles a leading dot.
                let line = line.strip_prefix(b".").unwrap_or(&line);
                if fault.is_none() && envelope.content.len() + line.len() + 2 > limits::SMTP_MESSAGE {
                    fault = Some(Fault::TooLarge);
                    envelope.content = Vec::new();
                }
                if line.len() + 2 > limits::SMTP_TEXT_LINE {
                    fault = fault.or(Some(Fault::LongLine));
                }
                if fault.is_none() {
                    envelope.content.extend_from_slice(line);
                    envelope.content.extend_from_slice(b"\r\n");
                } else {
                    discarded += line.len() + 2;
                }
            }
            Line::TooLong(length) => {
                fault = fault.or(Some(Fault::LongLine));
                discarded += length;
            }
            Line::Bare(length) => {
                fault = fault.or(Some(Fault::BareLineEnd));
                discarded += length;
            }
        }
        if discarded > limits::SMTP_DISCARD {
            return Answer::Close(Reply::new(421, "4.7.0 too much"));
        }
        self.state = State::Receiving { envelope, fault, discarded };
        Answer::None
    }

    fn fault(&mut self, code: u16, text: &str) -> Answer {
        self.faults += 1;
        if self.faults >= limits::SMTP_FAULTS {
            return Answer::Close(Reply::new(421, "4.7.0 too many faults"));
        }
        say(code, text)
    }
}

fn say(code: u16, text: &str) -> Answer {
    Answer::Say(Reply::new(code, text))
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
