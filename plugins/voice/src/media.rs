//! The audio of one call: a socket, the prompts that go out on it and the keys that come in.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rtp_types::RtpPacket;
use tokio::net::UdpSocket;

use crate::dtmf::{Key, Keypad};
use crate::limits;
use crate::network::Network;
use crate::prompts::Playout;
use crate::rtp::{Outgoing, Pacer, Punctuality, SourceGuard, phase};
use crate::sdp::{Negotiated, OFFERED_EVENTS};

/// A socket for the media of a call, before anything is negotiated.
#[derive(Debug)]
pub struct Port {
    socket: UdpSocket,
    address: SocketAddr,
}

/// Why there is no socket.
#[derive(Debug, thiserror::Error)]
pub enum PortError {
    /// Every port of the range is taken.
    #[error("no free port in rtp_ports")]
    NoneFree,
    /// The address cannot be used.
    #[error("the local address cannot be used for media")]
    Address(#[source] io::Error),
}

impl Port {
    /// Takes a free even port of the range (RFC 3550 §11), beginning at a place that `random` picks, so that
    /// nobody can guess it.
    ///
    /// # Errors
    ///
    /// [`PortError`] if there is none.
    pub async fn take(ip: IpAddr, (first, last): (u16, u16), random: u16) -> Result<Port, PortError> {
        let first = first.saturating_add(first % 2);
        let even = (last.saturating_sub(first) / 2).saturating_add(1);
        for step in 0..even {
            let port = first.saturating_add(2 * (random.wrapping_add(step) % even));
            match UdpSocket::bind((ip, port)).await {
                Ok(socket) => {
                    let address = socket.local_addr().map_err(PortError::Address)?;
                    return Ok(Port { socket, address });
                }
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
                Err(error) => return Err(PortError::Address(error)),
            }
        }
        Err(PortError::NoneFree)
    }

    /// The number of the port.
    pub fn number(&self) -> u16 {
        self.address.port()
    }
}

/// Something that happened on the audio side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaEvent {
    /// The first packet arrived.
    Arrived,
    /// A key was pressed.
    Key(Key),
    /// The prompt is over.
    PromptEnded,
    /// Nothing has come for too long from a peer that did send.
    Stopped,
}

/// The audio of an answered call.
#[derive(Debug)]
pub struct Media {
    socket: UdpSocket,
    guard: SourceGuard,
    negotiated: Negotiated,
    keypad: Keypad,
    outgoing: Outgoing,
    pacer: Pacer,
    playout: Option<Playout>,
    silence: Duration,
    last_heard: Option<Instant>,
    stopped: bool,
    packets: u64,
    events: VecDeque<MediaEvent>,
    buffer: Box<[u8; limits::MAX_RTP_PACKET]>,
}

impl Media {
    /// Starts to send silence and to listen. `silence` is how long the peer may stop sending.
    pub fn start(
        port: Port,
        negotiated: Negotiated,
        networks: Vec<Network>,
        silence: Duration,
        random: [u8; 10],
    ) -> Media {
        let mut buffer = Box::new([0; limits::MAX_RTP_PACKET]);
        // Early media and strangers' packets from before the answer are nobody's keys.
        for _ in 0..limits::MAX_STALE_PACKETS {
            if port.socket.try_recv_from(&mut buffer[..]).is_err() {
                break;
            }
        }
        Media {
            socket: port.socket,
            guard: SourceGuard::new(negotiated.remote, networks),
            negotiated,
            keypad: Keypad::default(),
            outgoing: Outgoing::new(random),
            pacer: Pacer::new(Instant::now() + phase(random[0])),
            playout: None,
            silence,
            last_heard: None,
            stopped: false,
            packets: 0,
            events: VecDeque::new(),
            buffer,
        }
    }

    /// Takes over what a new offer of the peer settled.
    pub fn renegotiate(&mut self, negotiated: Negotiated) {
        self.guard.renegotiate(negotiated.remote);
        self.negotiated = negotiated;
    }

    /// What is settled.
    pub fn negotiated(&self) -> &Negotiated {
        &self.negotiated
    }

    /// Plays a prompt, instead of the one that plays now.
    pub fn play(&mut self, audio: Arc<[u8]>) {
        self.hush();
        self.playout = Some(Playout::new(audio));
    }

    /// Stops the prompt; its end is no event any more.
    pub fn hush(&mut self) {
        self.playout = None;
        self.events.retain(|event| *event != MediaEvent::PromptEnded);
    }

    /// Takes the body of a SIP INFO.
    pub fn info(&mut self, content_type: &str, body: &[u8]) -> Option<Key> {
        self.keypad.info(content_type, body)
    }

    /// What the administrator reads: counts, and where refused packets make a setting necessary.
    pub fn summary(&self) -> String {
        let source = match self.keypad.source() {
            Some(crate::dtmf::Source::Rtp) => ", keys by RTP",
            Some(crate::dtmf::Source::Info) => ", keys by INFO",
            None => "",
        };
        let refused = match self.guard.refused() {
            0 => String::new(),
            refused => format!(", {refused} refused as from elsewhere: see media_networks"),
        };
        let Punctuality { frames, late } = self.pacer.punctuality();
        format!("{} RTP packets heard{refused}{source}, {frames} frames sent, {late} late", self.packets)
    }

    /// Waits for what happens next, and sends a frame every 20 ms meanwhile. Dropping the future loses nothing.
    pub async fn next(&mut self) -> MediaEvent {
        loop {
            if let Some(event) = self.events.pop_front() {
                return event;
            }
            let due = tokio::time::Instant::from_std(self.pacer.next());
            tokio::select! {
                // Sending comes first, so that a flood of packets cannot stop it.
                biased;
                () = tokio::time::sleep_until(due) => self.send(Instant::now()),
                received = self.socket.recv_from(&mut self.buffer[..]) => {
                    // An error here is the echo of a packet that found nobody (ICMP), not of this socket.
                    if let Ok((length, source)) = received {
                        self.receive(length, source, Instant::now());
                    }
                }
            }
        }
    }

    fn send(&mut self, now: Instant) {
        let due = self.pacer.due(now);
        self.outgoing.skip(due.skipped);
        if let Some(playout) = &mut self.playout {
            playout.skip(due.skipped);
        }
        for _ in 0..due.send {
            self.send_frame();
        }
        if self.playout.as_ref().is_some_and(Playout::is_over) {
            self.playout = None;
            self.events.push_back(MediaEvent::PromptEnded);
        }
        let silent = self.last_heard.is_some_and(|heard| now.duration_since(heard) > self.silence);
        if silent && !self.stopped {
            self.stopped = true;
            self.events.push_back(MediaEvent::Stopped);
        }
    }

    fn send_frame(&mut self) {
        let codec = self.negotiated.codec;
        let mut frame = [codec.silence(); limits::FRAME_SAMPLES];
        let talking = self.playout.as_mut().is_some_and(|playout| playout.next_frame(codec, &mut frame));
        let packet = self.outgoing.packet(self.negotiated.payload_type, &frame, talking);
        if let (Some(packet), Some(destination), true) =
            (packet, self.guard.destination(), self.negotiated.send)
        {
            // A full socket buffer loses a frame, as the network would; waiting would delay all that follow.
            drop(self.socket.try_send_to(&packet, destination));
        }
    }

    fn receive(&mut self, length: usize, source: SocketAddr, now: Instant) {
        let Ok(packet) = RtpPacket::parse(self.buffer.get(..length).unwrap_or_default()) else { return };
        if !self.guard.admits(source) {
            if self.guard.refused() == 1 {
                tracing::warn!(
                    %source,
                    "RTP from another address than negotiated is ignored; if the provider relays from there, \
                     add it to media_networks"
                );
            }
            return;
        }
        self.packets = self.packets.saturating_add(1);
        if self.last_heard.replace(now).is_none() {
            self.events.push_back(MediaEvent::Arrived);
        }
        let payload_type = packet.payload_type();
        // Some peers send events under our number, some under their own.
        if payload_type == OFFERED_EVENTS || self.negotiated.events.contains(&payload_type) {
            let key = self.keypad.rtp(packet.ssrc(), packet.timestamp(), packet.payload());
            self.events.extend(key.map(MediaEvent::Key));
        }
    }
}

#[cfg(test)]
#[path = "media_tests.rs"]
mod tests;
