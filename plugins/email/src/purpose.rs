//! What each purpose needs, and what its values may be.
//!
//! Values come from the daemon, and much of them from strangers before that: they are made harmless here, before
//! a template sees them. Escaping for HTML is [`crate::templates`]'.

use std::collections::BTreeMap;

use readmit_plugin::Secret;
use thiserror::Error;

use crate::limits;
use crate::settings::House;

/// What a message is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// Prove that this mailbox is the person's.
    Verification,
    /// Tell that something happened to the account.
    Notice,
    /// Ask a recovery contact to hand over a code.
    Contact,
    /// Tell support of a case that needs a person.
    Ticket,
    /// Tell that a new device was enrolled.
    Enrolled,
    /// Hand over an access pass that support issued.
    Pass,
    /// Try out the settings.
    Test,
}

/// The values that a template is given.
pub type Values = BTreeMap<String, String>;

/// Why a message cannot be written from what the daemon sent. No text quotes a value.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PurposeError {
    /// There is no such purpose.
    #[error(
        "e-mail knows no purpose `{0}`; it knows verification, notice, contact, ticket, enrolled, pass and test"
    )]
    Unknown(String),
    /// A field is missing.
    #[error("the purpose `{purpose}` needs the field `{field}`")]
    Missing {
        /// For which purpose.
        purpose: &'static str,
        /// Which field.
        field: &'static str,
    },
    /// A field is not what its name says.
    #[error("the field `{0}` is malformed")]
    Malformed(&'static str),
    /// Only a link would prove the address, and no front end is on the web.
    #[error("a message with a link and no code needs the setting `link_base`")]
    NoLinkBase,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Self; 7] = [
        Self::Verification,
        Self::Notice,
        Self::Contact,
        Self::Ticket,
        Self::Enrolled,
        Self::Pass,
        Self::Test,
    ];

    /// Returns its name on the wire and in file names.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Verification => "verification",
            Self::Notice => "notice",
            Self::Contact => "contact",
            Self::Ticket => "ticket",
            Self::Enrolled => "enrolled",
            Self::Pass => "pass",
            Self::Test => "test",
        }
    }

    /// Returns the purpose with this name.
    ///
    /// # Errors
    /// Fails if there is none.
    pub fn from_name(name: &str) -> Result<Self, PurposeError> {
        Self::ALL
            .into_iter()
            .find(|purpose| purpose.name() == name)
            .ok_or_else(|| PurposeError::Unknown(one_line(name)))
    }

    /// Fields that have to be there.
    #[must_use]
    pub fn required(self) -> &'static [&'static str] {
        match self {
            Self::Verification => &["minutes"],
            Self::Notice => &["event"],
            Self::Contact => &["account", "code", "until"],
            Self::Ticket => &["ticket", "problem"],
            Self::Pass => &["code", "minutes"],
            Self::Enrolled | Self::Test => &[],
        }
    }

    /// Fields that may be there; a template sees an empty text if they are not.
    #[must_use]
    pub fn optional(self) -> &'static [&'static str] {
        match self {
            Self::Verification => &["code", "link_token", "veto_token", "client", "sender"],
            Self::Notice => &["reason", "veto_token", "hold_until", "client"],
            Self::Contact => &["veto_token"],
            Self::Ticket => &["email", "account", "phone", "name", "message", "history"],
            Self::Enrolled => &["label", "veto_token"],
            Self::Pass | Self::Test => &[],
        }
    }

    /// Checks the fields and turns them into the values of a template: every known field, those that the daemon
    /// sent besides, `link` and `veto` made of the tokens, `organization` and `support`.
    ///
    /// # Errors
    /// Fails if a field is missing or malformed.
    pub fn values(self, fields: &BTreeMap<String, Secret>, house: &House) -> Result<Values, PurposeError> {
        let mut values = Values::new();
        for name in self.optional() {
            values.insert((*name).to_owned(), String::new());
        }
        for (name, value) in fields {
            let value = value.expose();
            let harmless =
                if MANY_LINES.contains(&name.as_str()) { many_lines(value) } else { one_line(value) };
            values.insert(name.clone(), harmless);
        }
        for field in self.required() {
            if values.get(*field).is_none_or(String::is_empty) {
                return Err(PurposeError::Missing { purpose: self.name(), field });
            }
        }
        let filled = |name: &str| values.get(name).is_some_and(|value| !value.is_empty());
        let has_code = filled("code");
        if self == Self::Verification && !has_code && !filled("link_token") {
            return Err(PurposeError::Missing { purpose: self.name(), field: "code" });
        }
        check_shape(fields, "code", |code| {
            code.len() <= 64 && code.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == ' ')
        })?;
        check_shape(fields, "minutes", |minutes| {
            minutes.len() <= 6 && minutes.bytes().all(|byte| byte.is_ascii_digit())
        })?;
        for (field, place, value) in [("link_token", "link", "link"), ("veto_token", "veto", "veto")] {
            check_shape(fields, field, is_token)?;
            let token = values.get(field).filter(|token| !token.is_empty());
            let url = match (token, &house.link_base) {
                (None, _) => String::new(),
                (Some(token), Some(base)) => format!("{base}/{place}/{token}"),
                (Some(_), None) if field == "link_token" && !has_code => {
                    return Err(PurposeError::NoLinkBase);
                }
                // The templates then ask for the code, and name support as the one to tell.
                (Some(_), None) => String::new(),
            };
            values.insert(value.to_owned(), url);
        }
        values.insert("organization".to_owned(), one_line(&house.organization));
        values.insert("support".to_owned(), many_lines(&house.support));
        Ok(values)
    }
}

/// The events of a notice that the built-in templates have words for; others get general ones.
pub(crate) const EVENTS: [&str; 8] =
    ["opened", "contact_asked", "recovered", "held", "vetoed", "escalated", "denied", "completed"];

/// The fields whose values have lines.
const MANY_LINES: &[&str] = &["history", "message", "problem"];

fn check_shape(
    fields: &BTreeMap<String, Secret>,
    name: &'static str,
    fits: impl Fn(&str) -> bool,
) -> Result<(), PurposeError> {
    match fields.get(name) {
        Some(value) if !fits(value.expose()) => Err(PurposeError::Malformed(name)),
        _ => Ok(()),
    }
}

fn is_token(token: &str) -> bool {
    // The unreserved characters of RFC 3986 section 2.3, which no link needs to escape.
    token.len() <= limits::MAX_TOKEN
        && token.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '~'))
}

/// Makes one bounded line: whatever a mail program could take for a new line becomes a space.
pub(crate) fn one_line(text: &str) -> String {
    let harmless =
        text.chars().filter(|c| !turns_direction(*c)).map(|c| if breaks_line(c) { ' ' } else { c });
    shortened(harmless, limits::MAX_LINE_VALUE).trim().to_owned()
}

fn many_lines(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace(['\r', '\u{2028}', '\u{2029}', '\u{85}'], "\n");
    let harmless = text
        .chars()
        .filter(|c| !turns_direction(*c))
        .map(|c| if c != '\n' && c.is_control() { ' ' } else { c });
    shortened(harmless, limits::MAX_TEXT_VALUE).trim().to_owned()
}

fn breaks_line(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// Characters that make a text read otherwise than it is written (Unicode bidirectional controls).
fn turns_direction(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

fn shortened(text: impl Iterator<Item = char>, most: usize) -> String {
    let mut text = text.peekable();
    let mut short: String = text.by_ref().take(most).collect();
    if text.peek().is_some() {
        short.pop();
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    fn house() -> House {
        House {
            organization: "Example".into(),
            link_base: Some("https://r.example".into()),
            support: "Call 1.".into(),
        }
    }

    fn values(purpose: Purpose, fields: &[(&str, &str)]) -> Result<Values, PurposeError> {
        values_at(&house(), purpose, fields)
    }

    fn values_at(house: &House, purpose: Purpose, fields: &[(&str, &str)]) -> Result<Values, PurposeError> {
        let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), Secret::from(*value))).collect();
        purpose.values(&fields, house)
    }

    #[test]
    fn names_are_both_ways() {
        for purpose in Purpose::ALL {
            assert_eq!(Purpose::from_name(purpose.name()), Ok(purpose));
        }
        assert!(matches!(Purpose::from_name("advert"), Err(PurposeError::Unknown(_))));
    }

    #[test]
    fn required_fields_are_required_and_optional_ones_empty() {
        for purpose in Purpose::ALL {
            for missing in purpose.required() {
                let present: Vec<_> = purpose
                    .required()
                    .iter()
                    .filter(|name| *name != missing)
                    .map(|name| (*name, "1"))
                    .collect();
                let error = values(purpose, &present).unwrap_err();
                assert!(matches!(error, PurposeError::Missing { field, .. } if field == *missing), "{error}");
            }
        }
        let notice = values(Purpose::Notice, &[("event", "held")]).unwrap();
        assert_eq!(notice["veto"], "");
        assert_eq!(notice["reason"], "");
        let nothing = values(Purpose::Verification, &[("minutes", "15")]).unwrap_err();
        assert!(matches!(nothing, PurposeError::Missing { .. }));
    }

    #[test]
    fn tokens_become_links_and_nothing_else_does() {
        let sent = [("minutes", "15"), ("link_token", "a-B_c.~9"), ("veto_token", "v")];
        let verification = values(Purpose::Verification, &sent).unwrap();
        assert_eq!(verification["link"], "https://r.example/link/a-B_c.~9");
        assert_eq!(verification["veto"], "https://r.example/veto/v");
        for bad in ["a/b", "a b", "a?b", "a\r\nb", "ä", &"x".repeat(limits::MAX_TOKEN + 1)] {
            let error = values(Purpose::Verification, &[("minutes", "15"), ("link_token", bad)]);
            assert_eq!(error, Err(PurposeError::Malformed("link_token")), "{bad}");
        }
        let long = "x".repeat(limits::MAX_TOKEN);
        values(Purpose::Enrolled, &[("veto_token", &long)]).unwrap();
    }

    #[test]
    fn without_a_front_end_on_the_web_there_are_codes_and_no_links() {
        let house = House { link_base: None, ..house() };
        let both = [("minutes", "15"), ("code", "508688"), ("link_token", "t"), ("veto_token", "v")];
        let values = values_at(&house, Purpose::Verification, &both).unwrap();
        assert_eq!((values["link"].as_str(), values["veto"].as_str()), ("", ""));
        let link = [("minutes", "15"), ("link_token", "t")];
        assert_eq!(values_at(&house, Purpose::Verification, &link), Err(PurposeError::NoLinkBase));
    }

    #[test]
    fn values_cannot_start_a_new_line_or_run_on_or_turn_around() {
        let hostile = "Ada\r\nBcc: eve@example.org\u{2028}x\u{202e}y\0";
        let ticket =
            [("ticket", "T1"), ("problem", "a\r\nb\rc"), ("name", hostile), ("history", "1\n\n2\u{1b}[31m")];
        let ticket = values(Purpose::Ticket, &ticket).unwrap();
        assert_eq!(ticket["name"], "Ada  Bcc: eve@example.org xy");
        assert_eq!(ticket["problem"], "a\nb\nc");
        assert_eq!(ticket["history"], "1\n\n2 [31m");
        let exact = "é".repeat(limits::MAX_LINE_VALUE);
        assert_eq!(one_line(&exact), exact);
        assert_eq!(one_line(&(exact + "x")).chars().count(), limits::MAX_LINE_VALUE);
        assert_eq!(
            values(Purpose::Pass, &[("code", "1\n2"), ("minutes", "5")]),
            Err(PurposeError::Malformed("code"))
        );
        assert_eq!(
            values(Purpose::Pass, &[("code", "12"), ("minutes", "<b>")]),
            Err(PurposeError::Malformed("minutes"))
        );
    }
}
