//! Two hosts and a bad wire between them: network namespaces, and `tests/network.py`, which loses, delays and reorders
//! what goes over the wire. It needs root.

use std::fs::File;
use std::io::{BufRead, BufReader, Lines};
use std::os::fd::AsFd;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use serde_json::Value;

/// How bad the wire is.
#[derive(Clone, Copy)]
pub struct Weather {
    /// How many of a hundred packets are lost.
    pub loss: u32,
    /// How late a packet is at least, in milliseconds.
    pub delay: u32,
    /// How much later some are. More than 20 ms, and packets of audio overtake each other.
    pub jitter: u32,
}

/// The two hosts.
pub struct Network {
    child: Child,
    output: Lines<BufReader<ChildStdout>>,
    hosts: [String; 2],
}

impl Network {
    /// The address of the far host.
    pub const FAR: &str = "10.83.0.2";

    /// Makes the hosts.
    pub fn start(weather: Weather) -> Network {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        let hosts = ["near", "far"].map(|end| format!("readmit-{}-{next}-{end}", std::process::id()));
        let mut child = Command::new("python3")
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/network.py"))
            .args(&hosts)
            .args(["--loss", &weather.loss.to_string()])
            .args(["--delay", &weather.delay.to_string()])
            .args(["--jitter", &weather.jitter.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| {
                panic!("python3 cannot be run ({error}); install it: apt-get install python3")
            });
        let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
        let ready = output.next().and_then(Result::ok);
        assert_eq!(ready.as_deref(), Some("ready"), "no network namespaces: run as root, with iproute2");
        Network { child, output, hosts }
    }

    /// Does something on the near host. What is started there stays there.
    pub fn near<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        on(&self.hosts[0], work)
    }

    /// Does something on the far host.
    pub fn far<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        on(&self.hosts[1], work)
    }

    /// Ends it and tells how many packets were lost, and how many overtook another.
    pub fn finish(mut self) -> (u64, u64) {
        drop(self.child.stdin.take());
        let counts = self.output.next().unwrap().unwrap();
        assert!(self.child.wait().unwrap().success());
        let counts: Value = serde_json::from_str(&counts).unwrap();
        (counts["lost"].as_u64().unwrap(), counts["overtaken"].as_u64().unwrap())
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        // The end of its input ends it, and it takes the hosts away.
        drop(self.child.stdin.take());
        drop(self.child.wait());
    }
}

/// Does something in a thread that has moved to a host: processes and sockets of a thread are where it is.
fn on<T: Send>(host: &str, work: impl FnOnce() -> T + Send) -> T {
    let namespace = File::open(format!("/run/netns/{host}")).unwrap();
    thread::scope(|scope| {
        let working = scope.spawn(|| {
            move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
            work()
        });
        working.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}
