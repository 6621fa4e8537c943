//! The calls that are under way, by their tokens: how a webhook finds its call.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};

use crate::conversation::Turn;
use crate::limits;
use crate::provider::Setting;
use crate::webhook::{News, Place, Token};

/// A webhook on its way to its call, and the way back.
pub struct Incoming {
    /// Where it was sent to.
    pub place: Place,
    /// What it tells.
    pub news: News,
    /// Takes the answer. Dropped, the webhook is refused.
    pub reply: oneshot::Sender<Reply>,
}

/// What a call answers to a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// The provider is to do this.
    Do(Turn),
    /// It was taken note of.
    Noted,
}

/// What is fixed about a call, for writing documents.
#[derive(Debug, Clone)]
pub struct Fixed {
    /// The language of the prompts.
    pub language: String,
    /// How many digits make an entry.
    pub digits: u8,
}

/// All calls. Clones are the same calls.
#[derive(Clone, Default)]
pub struct Calls {
    live: Arc<Mutex<HashMap<Token, Live>>>,
}

#[derive(Clone)]
struct Live {
    news: mpsc::Sender<Incoming>,
    fixed: Fixed,
}

/// A call's place among the others; given up when dropped.
pub struct Line {
    /// The call's name in URLs.
    pub token: Token,
    /// What comes in for it.
    pub news: mpsc::Receiver<Incoming>,
    calls: Calls,
}

impl Calls {
    /// Makes a place for a call; none if the system gives no random numbers.
    pub fn open(&self, fixed: Fixed) -> Option<Line> {
        let token = Token::random()?;
        let (sender, news) = mpsc::channel(limits::MAX_WAITING);
        self.live.lock().insert(token, Live { news: sender, fixed });
        Some(Line { token, news, calls: self.clone() })
    }

    /// Hands news to a call and waits for its answer; none if there is no such call, or it does not want to know.
    pub async fn tell(&self, token: Token, place: Place, news: News) -> Option<(Reply, Fixed)> {
        let Live { news: way, fixed } = self.live.lock().get(&token).cloned()?;
        let (reply, answer) = oneshot::channel();
        way.try_send(Incoming { place, news, reply }).ok()?;
        let answer = tokio::time::timeout(limits::ANSWER, answer).await.ok()?.ok()?;
        Some((answer, fixed))
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.calls.live.lock().remove(&self.token);
    }
}

impl Fixed {
    /// With what is the same for all calls, what a document is made of.
    pub fn setting<'a>(
        &'a self,
        call: Token,
        public: &'a crate::web_address::WebAddress,
        key: std::time::Duration,
    ) -> Setting<'a> {
        Setting { public, call, language: &self.language, digits: self.digits, key }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::webhook::What;

    fn news() -> News {
        News { provider_id: "CA1".to_owned(), what: What::Answered, token_id: None }
    }

    fn fixed() -> Fixed {
        Fixed { language: "en".to_owned(), digits: 6 }
    }

    #[tokio::test]
    async fn a_call_is_found_while_it_lasts() {
        let calls = Calls::default();
        let mut line = calls.open(fixed()).unwrap();
        let token = line.token;
        let answering = async {
            let incoming = line.news.recv().await.unwrap();
            incoming.reply.send(Reply::Noted).unwrap();
        };
        let (told, ()) = tokio::join!(calls.tell(token, Place::Answer, news()), answering);
        assert_eq!(told.unwrap().0, Reply::Noted);
        assert!(
            calls.tell(Token::random().unwrap(), Place::Answer, news()).await.is_none(),
            "an unknown call"
        );
        drop(line);
        assert!(calls.tell(token, Place::Answer, news()).await.is_none(), "a call that is over");
        assert!(calls.live.lock().is_empty(), "nothing is left");
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_takes_so_many_webhooks_and_no_more() {
        let calls = Calls::default();
        let line = calls.open(fixed()).unwrap();
        let waiting: Vec<_> = (0..limits::MAX_WAITING)
            .map(|_| {
                let (calls, token) = (calls.clone(), line.token);
                tokio::spawn(async move { calls.tell(token, Place::Status, news()).await.is_some() })
            })
            .collect();
        tokio::task::yield_now().await;
        assert!(calls.tell(line.token, Place::Status, news()).await.is_none());
        for waiting in waiting {
            assert!(!waiting.await.unwrap(), "whoever is not answered in time is refused");
        }
    }
}
