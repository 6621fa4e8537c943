//! What a provider is told to call back, and what such a request is about: the path names the call by a token that
//! nobody can guess, and the place in it.

use std::fmt;

use crate::ending::Status;

/// The name of a call in URLs: 128 random bits. Whoever knows it is not yet the provider; requests are signed, too.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Token([u8; 16]);

impl Token {
    /// A new one; none if the system gives no random numbers.
    pub fn random() -> Option<Token> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).ok()?;
        Some(Token(bytes))
    }

    fn parse(text: &str) -> Option<Token> {
        let mut bytes = [0; 16];
        // One way to write it: a proxy or log that tells two ways apart would see two calls.
        let lower = text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        hex::decode_to_slice(text, &mut bytes).ok().filter(|()| lower)?;
        Some(Token(bytes))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Token(…)")
    }
}

/// A place in a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The call was answered: what is to be done?
    Answer,
    /// The keys of this entry.
    Keys(u32),
    /// No key came for this entry.
    Silence(u32),
    /// How far the call is.
    Status,
}

/// What a request is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// The call.
    pub call: Token,
    /// The place in it.
    pub place: Place,
}

impl Target {
    /// The path, below the public URL.
    pub fn path(self) -> String {
        let call = hex::encode(self.call.0);
        match self.place {
            Place::Answer => format!("/calls/{call}/answer"),
            Place::Keys(entry) => format!("/calls/{call}/keys/{entry}"),
            Place::Silence(entry) => format!("/calls/{call}/silence/{entry}"),
            Place::Status => format!("/calls/{call}/status"),
        }
    }

    /// Reads a path below the public URL; none for any that [`Target::path`] does not write.
    pub fn read(path: &str) -> Option<Target> {
        let (call, place) = path.strip_prefix("/calls/")?.split_once('/')?;
        let place = match place.split_once('/') {
            None if place == "answer" => Place::Answer,
            None if place == "status" => Place::Status,
            Some(("keys", entry)) => Place::Keys(entry.parse().ok()?),
            Some(("silence", entry)) => Place::Silence(entry.parse().ok()?),
            None | Some(_) => return None,
        };
        let target = Target { call: Token::parse(call)?, place };
        (target.path() == path).then_some(target)
    }
}

/// What a webhook tells, in the words of this plugin.
#[derive(Clone, PartialEq, Eq)]
pub struct News {
    /// The provider's name for the call.
    pub provider_id: String,
    /// What happened.
    pub what: What,
    /// The id of the token that signed it, where a signature does not say which URL it is about.
    pub token_id: Option<String>,
}

/// What happened.
#[derive(Clone, PartialEq, Eq)]
pub enum What {
    /// The call was answered: what is to be done?
    Answered,
    /// These keys came for this entry; none after silence.
    Heard(u32, zeroize::Zeroizing<String>),
    /// How far the call is; none if it is nothing that concerns us.
    Status(Option<Status>),
}

impl fmt::Debug for News {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("News(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_read_as_it_was_written_and_no_other_way() {
        let call = Token::parse("00112233445566778899aabbccddeeff").unwrap();
        for place in [Place::Answer, Place::Keys(1), Place::Silence(12), Place::Status] {
            let target = Target { call, place };
            assert_eq!(Target::read(&target.path()), Some(target));
        }
        let call = "00112233445566778899aabbccddeeff";
        for path in [
            "/".to_owned(),
            "/calls/".to_owned(),
            format!("/calls/{call}"),
            format!("/calls/{call}/"),
            format!("/calls/{call}/answer/"),
            format!("/calls/{call}/answer/1"),
            format!("/calls/{call}/keys"),
            format!("/calls/{call}/keys/01"),
            format!("/calls/{call}/keys/-1"),
            format!("/calls/{call}/keys/4294967296"),
            format!("/calls/{}/answer", call.to_uppercase()),
            format!("/calls/{call}00/answer"),
            format!("//calls/{call}/answer"),
        ] {
            assert_eq!(Target::read(&path), None, "{path}");
        }
    }

    #[test]
    fn tokens_differ_and_are_not_printed() {
        let (one, other) = (Token::random().unwrap(), Token::random().unwrap());
        assert_ne!(one, other);
        assert!(!format!("{one:?}").contains(&hex::encode(one.0)));
    }
}
