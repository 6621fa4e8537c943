//! The supervisor and the runtime for plugin authors, as they meet on a unix socket.

use std::convert::Infallible;
use std::sync::Arc;

use readmit_plugin::{About, Daemon, Deliver, Ended, Plugin, disposition, phase, serve_connection};
use readmit_recovery::disposition::Disposition::{Cancelled, Entered, Sent};
use readmitd::config::Launch;
use readmitd::plugins::PluginState::Running;
use tokio::net::UnixListener;
use tokio::sync::Notify;

use crate::kit::{Kit, NUMBER, RIGHT, Seen, call, config, message, scripted, timing, within};

/// Delivers at once; calls and types a wrong code, then the right one; waits for its cancel if the call's id says so.
struct Honest {
    daemon: Daemon,
    cancelled: Notify,
}

impl Plugin for Honest {
    type Settings = serde_json::Value;
    type Error = Infallible;

    async fn start(_: serde_json::Value, daemon: Daemon) -> Result<(Self, About), Infallible> {
        let channels = vec!["email".to_owned(), "voice".to_owned()];
        let about = About { name: "honest".to_owned(), version: "2".to_owned(), channels };
        Ok((Self { daemon, cancelled: Notify::new() }, about))
    }

    async fn deliver(&self, message: Deliver) -> Ended {
        Ended::new(disposition::SENT).with_provider_id(message.id)
    }

    async fn call(&self, call: readmit_plugin::Call) -> Ended {
        assert_eq!(call.to.expose(), NUMBER);
        self.daemon.progress(&call.id, phase::RINGING);
        if call.id == "held" {
            self.cancelled.notified().await;
            return Ended::new(disposition::CANCELLED);
        }
        for digits in ["000000", RIGHT] {
            match self.daemon.check(&call.id, digits).await {
                Ok(checked) if checked.accepted => return Ended::new(disposition::ENTERED),
                Ok(_) => {}
                Err(gone) => return Ended::new(disposition::PROVIDER_ERROR).with_detail(gone.to_string()),
            }
        }
        Ended::new(disposition::WRONG_DIGITS)
    }

    async fn cancel(&self, _: &str) {
        self.cancelled.notify_one();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plugin_made_with_the_runtime_is_understood() {
    let directory = Arc::new(tempfile::tempdir().expect("a directory"));
    let path = directory.path().join("honest.sock");
    let listener = UnixListener::bind(&path).expect("bound");
    let serving = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("the daemon connects");
        let (reader, writer) = stream.into_split();
        serve_connection::<Honest>(reader, writer, Arc::default(), std::future::pending()).await;
    });
    let mut honest = config(&scripted("p", "unused"), directory.path());
    honest.launch = Launch::Socket(path);
    let mut kit = Kit::start(vec![honest], timing(), directory);
    kit.wait_for_state("p", Running).await;
    assert_eq!(kit.supervisor.list()[0].version, "honest 2");

    let ended = kit.deliver("m").await;
    assert_eq!((ended.disposition, ended.provider_id.as_deref()), (Sent, Some("m")));
    assert_eq!(kit.call("c").await.disposition, Entered);
    kit.wait_for(&Seen::Progress("c".to_owned(), "ringing".to_owned())).await;
    kit.wait_for(&Seen::Check("c".to_owned(), "000000".to_owned())).await;
    kit.wait_for(&Seen::Check("c".to_owned(), RIGHT.to_owned())).await;

    let supervisor = kit.supervisor.clone();
    let held = tokio::spawn(async move { supervisor.call(call("held")).await });
    kit.wait_for(&Seen::Progress("held".to_owned(), "ringing".to_owned())).await;
    kit.supervisor.cancel(&call("held").id);
    assert_eq!(within(held).await.expect("it ends").disposition, Cancelled);

    let again = within(kit.supervisor.deliver(message("m"))).await;
    assert_eq!(again.provider_id.as_deref(), Some("m"), "the same id gets the same answer");
    kit.supervisor.shutdown().await;
    within(serving).await.expect("the shutdown ends the plugin");
}
