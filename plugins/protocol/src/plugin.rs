//! What a plugin author writes.

use std::future::Future;
use std::time::Duration;

use serde::de::DeserializeOwned;

use crate::outbox::Daemon;
use crate::wire::{About, Call, Deliver, Ended, Probed, disposition};

/// A plugin: it delivers messages, or makes calls, or both.
///
/// Methods run concurrently, many at a time, each bounded by its deadline: past it the daemon is answered
/// `unreachable`, [`Plugin::cancel`] is called, and after [`crate::limits::GRACE`] the future is dropped.
pub trait Plugin: Send + Sync + Sized + 'static {
    /// The plugin's settings, as the administrator writes them. Use `#[serde(deny_unknown_fields)]`.
    type Settings: DeserializeOwned + Send;

    /// Why it cannot start; the daemon shows the text with its sources.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Starts with these settings, within [`crate::limits::START`].
    fn start(
        settings: Self::Settings,
        daemon: Daemon,
    ) -> impl Future<Output = Result<(Self, About), Self::Error>> + Send;

    /// Delivers one message.
    fn deliver(&self, message: Deliver) -> impl Future<Output = Ended> + Send {
        async move { no_such_channel(&message.channel) }
    }

    /// Makes one call, once.
    fn call(&self, call: Call) -> impl Future<Output = Ended> + Send {
        async move {
            drop(call);
            no_such_channel("voice")
        }
    }

    /// Tries the way to the other side within this time, without sending anything to anybody; none if there is
    /// nothing to try. A way that does not answer in time is a failed step, not a late answer.
    fn probe(&self, within: Duration) -> impl Future<Output = Option<Probed>> + Send {
        let _nothing_to_try = within;
        async { None }
    }

    /// Stops the delivery or call `id` if it is under way; its own method then returns soon.
    fn cancel(&self, id: &str) -> impl Future<Output = ()> + Send {
        let _nothing_to_stop = id;
        async {}
    }

    /// Lets go of what is held open; nothing is delivered or called any more.
    fn shutdown(&self) -> impl Future<Output = ()> + Send {
        async {}
    }
}

fn no_such_channel(channel: &str) -> Ended {
    Ended::new(disposition::BLOCKED).with_detail(format!("this plugin has no such channel: {channel}"))
}
