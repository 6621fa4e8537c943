//! What messages have in common: from where a recovery is asked, and the token that stops it.

use super::apply::Turn;
use crate::command::{Command, Token, TokenPurpose};
use crate::facts::Client;
use crate::limits::{MAX_CLIENT_CHARS, VETO_LIFE};
use crate::secret::Secret;

impl Turn<'_> {
    pub(super) fn client_in_words(&self) -> String {
        client_in_words(&self.case.facts.client)
    }

    pub(super) fn new_veto_token(&mut self) -> Secret {
        let token = self.new_token();
        let expires_at = self.moment.now.plus(VETO_LIFE);
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
