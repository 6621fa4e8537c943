//! The sound of one call: a socket, a clock, and what comes in.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::net::UdpSocket;
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::sdp::Offer;
use super::talk::{Frame, Key, Talk, payload};
use crate::limits;

/// How much sound has come in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Heard {
    /// Packets from the caller.
    pub packets: u64,
    /// Packets among them that were not silence.
    pub loud: u64,
}

/// A key on its way out, and whom to tell when it is through.
pub type Pressed = (Key, oneshot::Sender<()>);

/// Samples of sound at 8 kHz, as many as one packet has.
pub type Samples = Arc<[i16]>;

/// Counts what comes in, and passes it on to who listens; shared between the call and its sound.
#[derive(Debug)]
pub struct Ear {
    packets: AtomicU64,
    loud: AtomicU64,
    sound: broadcast::Sender<Samples>,
}

impl Default for Ear {
    fn default() -> Self {
        let sound = broadcast::Sender::new(limits::SOUNDS);
        Self { packets: AtomicU64::default(), loud: AtomicU64::default(), sound }
    }
}

impl Ear {
    /// What was heard so far.
    pub fn heard(&self) -> Heard {
        Heard { packets: self.packets.load(Ordering::Relaxed), loud: self.loud.load(Ordering::Relaxed) }
    }

    /// What is heard from now on.
    pub fn listen(&self) -> broadcast::Receiver<Samples> {
        self.sound.subscribe()
    }
}

/// A socket that waits for a call to be answered.
#[derive(Debug)]
pub struct Media {
    socket: UdpSocket,
    offer: Offer,
}

impl Media {
    /// Takes a free port on this address.
    pub async fn bind(ip: IpAddr, offer: Offer) -> io::Result<Self> {
        Ok(Self { socket: UdpSocket::bind((ip, 0)).await?, offer })
    }

    /// The address to be named in the answer.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Sends and counts sound until the call is over.
    pub async fn run(self, ear: Arc<Ear>, mut keys: mpsc::Receiver<Pressed>, over: CancellationToken) {
        let mut random = [0; 10];
        if getrandom::fill(&mut random).is_err() {
            return;
        }
        let [a, b, c, d, e, f, g, h, i, j] = random;
        let source = u32::from_be_bytes([a, b, c, d]);
        let timestamp = u32::from_be_bytes([e, f, g, h]);
        let mut talk =
            Talk::new(self.offer.codec, self.offer.events, source, u16::from_be_bytes([i, j]), timestamp);
        let mut clock = interval(limits::FRAME);
        // After a stall the rhythm goes on; old frames are not worth a burst.
        clock.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut packet = Vec::with_capacity(limits::RTP_PACKET);
        let mut incoming = vec![0; limits::RTP_PACKET];
        let mut pressed: Option<oneshot::Sender<()>> = None;
        loop {
            tokio::select! {
                () = over.cancelled() => return,
                _ = clock.tick() => {
                    let frame = talk.frame(&mut packet);
                    // The caller may not listen yet; the next packet comes in 20 ms.
                    let _ = self.socket.send_to(&packet, self.offer.remote).await;
                    match frame {
                        Frame::Silence { free: true } => {
                            if let Ok((key, done)) = keys.try_recv()
                                && talk.press(key)
                            {
                                pressed = Some(done);
                            }
                        }
                        Frame::Silence { free: false } | Frame::Key => {}
                        Frame::KeyDone => {
                            if let Some(done) = pressed.take() {
                                let _ = done.send(());
                            }
                        }
                    }
                }
                received = self.socket.recv_from(&mut incoming) => {
                    if let Ok((length, from)) = received {
                        self.hear(&ear, &incoming[..length], from);
                    }
                }
            }
        }
    }

    fn hear(&self, ear: &Ear, packet: &[u8], from: SocketAddr) {
        if from.ip() != self.offer.remote.ip() {
            return;
        }
        let Some((payload_type, sound)) = payload(packet) else { return };
        if payload_type != self.offer.codec.payload_type() {
            return;
        }
        ear.packets.fetch_add(1, Ordering::Relaxed);
        if sound.iter().any(|octet| self.offer.codec.is_loud(*octet)) {
            ear.loud.fetch_add(1, Ordering::Relaxed);
        }
        if ear.sound.receiver_count() > 0 {
            let samples = sound.iter().map(|octet| self.offer.codec.sample(*octet)).collect();
            // Whoever listened may have gone.
            let _ = ear.sound.send(samples);
        }
    }
}
