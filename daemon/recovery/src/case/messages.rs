//! What messages say: to the person, to a recovery contact, and what they have in common.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Challenge;
use super::apply::Turn;
use crate::command::{Command, Token, TokenPurpose};
use crate::factor::Factor;
use crate::facts::Client;
use crate::limits::{CONTACT_VETO_LIFE, MAX_CLIENT_CHARS, VETO_LIFE};
use crate::secret::Secret;

/// What a message's template is given.
type Fields = BTreeMap<&'static str, Secret>;

impl Turn<'_> {
    pub(super) fn client_in_words(&self) -> String {
        client_in_words(&self.case.facts.client)
    }

    /// What a message says that the person reads.
    pub(super) fn for_the_person(&mut self, factor: &Factor, challenge: &Challenge) -> Fields {
        let now = self.moment.now;
        let mut fields = Fields::from([
            ("code", challenge.code.clone().unwrap_or_else(|| Secret::new(""))),
            ("minutes", Secret::new(challenge.expires_at.since(now).as_secs().div_ceil(60).to_string())),
            ("client", Secret::new(self.client_in_words())),
            ("veto_token", self.new_veto_token(VETO_LIFE)),
        ]);
        if *factor == Factor::Email {
            let token = self.new_token();
            self.command(Command::RegisterToken(Token {
                hash: token.hash(),
                purpose: TokenPurpose::Link { challenge: challenge.number },
                expires_at: challenge.expires_at,
            }));
            fields.insert("link_token", token);
        }
        fields
    }

    /// What a message says that a recovery contact reads: whom it is about, and nothing else of the account; from
    /// where the person asks is none of their business. No link proves anything: the contact has to speak to the
    /// person.
    pub(super) fn for_the_contact(&mut self, challenge: &Challenge) -> Fields {
        Fields::from([
            ("code", challenge.code.clone().unwrap_or_else(|| Secret::new(""))),
            ("account", Secret::new(self.case.account.as_str())),
            ("until", Secret::new(challenge.expires_at.rfc3339())),
            ("veto_token", self.new_veto_token(CONTACT_VETO_LIFE)),
        ])
    }

    /// A token that stops the recovery, for so long.
    pub(super) fn new_veto_token(&mut self, life: Duration) -> Secret {
        let token = self.new_token();
        let expires_at = self.moment.now.plus(life);
        self.command(Command::RegisterToken(Token {
            hash: token.hash(),
            purpose: TokenPurpose::Veto,
            expires_at,
        }));
        token
    }
}

/// From where a recovery is asked, on one line, for messages and the link page. What the front end says about
/// the client is foreign text: it is cut short and holds no control characters.
#[must_use]
pub fn client_in_words(client: &Client) -> String {
    let plain = |text: &str| -> String {
        text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_CLIENT_CHARS).collect()
    };
    match (&client.address, &client.user_agent) {
        (Some(address), Some(agent)) => format!("{} ({})", plain(address), plain(agent)),
        (Some(address), None) => plain(address),
        (None, Some(agent)) => plain(agent),
        (None, None) => "an unknown place".to_owned(),
    }
}
