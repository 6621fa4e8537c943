//! A bad network between the plugin and a peer: audio packets are lost, late and out of order. It stands in the
//! way of both the signalling, which passes untouched but for the ports of audio in it, and the audio.
//!
//! The kernel of the machines that run these tests has no `sch_netem`, which would do the same between two
//! network namespaces.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::free_port;

/// How bad it is.
#[derive(Clone, Copy)]
pub struct Weather {
    /// How many of a hundred packets are lost.
    pub loss: u32,
    /// How late a packet is, at least.
    pub delay: Duration,
    /// How much later some are. More than 20 ms, and packets overtake each other.
    pub jitter: Duration,
}

/// A running relay.
pub struct Relay {
    port: u16,
    stop: Arc<AtomicBool>,
    counts: Arc<Counts>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Counts {
    lost: AtomicU32,
    overtaken: AtomicU32,
}

impl Relay {
    /// Stands before the peer at `trunk`.
    pub fn before(trunk: &str, weather: Weather) -> Relay {
        let sockets = [(); 4].map(|()| {
            // Four or five digits, as the ports of all peers here, so that descriptions keep their length.
            let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, free_port())).unwrap();
            socket.set_nonblocking(true).unwrap();
            socket
        });
        let port = sockets[0].local_addr().unwrap().port();
        let (stop, counts) = (Arc::new(AtomicBool::new(false)), Arc::new(Counts::default()));
        let mut way = Way {
            sockets,
            trunk: trunk.parse().unwrap(),
            plugin: None,
            audio: [None, None],
            weather,
            random: 1,
            waiting: BinaryHeap::new(),
            sent: [0, 0],
            counts: counts.clone(),
            number: 0,
        };
        let stopping = stop.clone();
        let thread = thread::spawn(move || {
            while !stopping.load(Ordering::Relaxed) {
                way.turn();
                thread::sleep(Duration::from_millis(1));
            }
        });
        Relay { port, stop, counts, thread: Some(thread) }
    }

    /// Where it listens, for the setting `trunk`.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Ends it and tells how many packets were lost, and how many overtook another.
    pub fn finish(mut self) -> (u32, u32) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take().unwrap().join().unwrap();
        (self.counts.lost.load(Ordering::Relaxed), self.counts.overtaken.load(Ordering::Relaxed))
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// One packet under way: when it is due, its place in the order of arrival, its direction and itself.
type Waiting = (Instant, u64, usize, Vec<u8>);

/// What stands in the way. Of the sockets, two are for signalling (towards the plugin and the peer) and two for
/// audio in the same order.
struct Way {
    sockets: [UdpSocket; 4],
    trunk: SocketAddr,
    plugin: Option<SocketAddr>,
    /// Where the plugin and the peer want their audio.
    audio: [Option<SocketAddr>; 2],
    weather: Weather,
    random: u32,
    waiting: BinaryHeap<Reverse<Waiting>>,
    sent: [u64; 2],
    counts: Arc<Counts>,
    number: u64,
}

impl Way {
    fn turn(&mut self) {
        let mut buffer = [0; 4096];
        while let Ok((length, from)) = self.sockets[0].recv_from(&mut buffer) {
            self.plugin = Some(from);
            let message = self.described(&buffer[..length], 0);
            self.sockets[1].send_to(&message, self.trunk).unwrap();
        }
        while let Ok((length, _)) = self.sockets[1].recv_from(&mut buffer) {
            let message = self.described(&buffer[..length], 1);
            self.sockets[0].send_to(&message, self.plugin.expect("the plugin speaks first")).unwrap();
        }
        for side in [0, 1] {
            while let Ok((length, _)) = self.sockets[2 + side].recv_from(&mut buffer) {
                self.take(side, &buffer[..length]);
            }
        }
        while self.waiting.peek().is_some_and(|Reverse((due, ..))| *due <= Instant::now()) {
            let Some(Reverse((_, number, side, packet))) = self.waiting.pop() else { return };
            if number < self.sent[side] {
                self.counts.overtaken.fetch_add(1, Ordering::Relaxed);
            }
            self.sent[side] = self.sent[side].max(number);
            if let Some(to) = self.audio[1 - side] {
                drop(self.sockets[2 + (1 - side)].send_to(&packet, to));
            }
        }
    }

    /// Takes a packet that `side` sent.
    fn take(&mut self, side: usize, packet: &[u8]) {
        if self.chance() % 100 < self.weather.loss {
            self.counts.lost.fetch_add(1, Ordering::Relaxed);
            return;
        }
        self.number += 1;
        let spread = self.weather.jitter * (self.chance() % 1000) / 1000;
        let due = Instant::now() + self.weather.delay + spread;
        self.waiting.push(Reverse((due, self.number, side, packet.to_vec())));
    }

    /// A message of `side` with the port of its audio replaced by ours.
    fn described(&mut self, message: &[u8], side: usize) -> Vec<u8> {
        let text = String::from_utf8(message.to_vec()).unwrap();
        let Some((before, after)) = text.split_once("m=audio ") else { return message.to_vec() };
        let (port, rest) = after.split_once(' ').unwrap();
        self.audio[side] = Some((Ipv4Addr::LOCALHOST, port.parse().unwrap()).into());
        let ours = self.sockets[2 + (1 - side)].local_addr().unwrap().port().to_string();
        assert_eq!(ours.len(), port.len(), "the length of the description changes");
        format!("{before}m=audio {ours} {rest}").into_bytes()
    }

    fn chance(&mut self) -> u32 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 17;
        self.random ^= self.random << 5;
        self.random
    }
}
