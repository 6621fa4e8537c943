//! The audio of one call: the prompts that go out and the keys that come in, in the clear or encrypted, and the
//! reports on both.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use rtp_types::RtpPacket;

use crate::dtmf::{Key, Keypad};
use crate::limits;
use crate::network::Network;
use crate::ports::Port;
use crate::prompts::Playout;
use crate::rtcp::{self, Reception, Remote};
use crate::rtp::{Outgoing, Pacer, Punctuality, SourceGuard, phase};
use crate::sdp::{Negotiated, OFFERED_EVENTS, Security};
use crate::srtp::Srtp;

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

type Buffer = Box<[u8; limits::MAX_RTP_PACKET]>;

/// The audio of an answered call.
#[derive(Debug)]
pub struct Media {
    port: Port,
    guard: SourceGuard,
    negotiated: Negotiated,
    security: Security,
    srtp: Option<Srtp>,
    keypad: Keypad,
    outgoing: Outgoing,
    pacer: Pacer,
    playout: Option<Playout>,
    started: Instant,
    silence: Duration,
    last_heard: Option<Instant>,
    stopped: bool,
    counts: Counts,
    reception: Reception,
    remote: Remote,
    report_due: Instant,
    events: VecDeque<MediaEvent>,
    audio: Buffer,
    report: Buffer,
}

/// What came in.
#[derive(Debug, Default)]
struct Counts {
    packets: u64,
    not_authentic: u64,
}

impl Media {
    /// Starts to send silence and to listen. `silence` is how long the peer may stop sending.
    pub fn start(
        port: Port,
        negotiated: Negotiated,
        security: Security,
        networks: Vec<Network>,
        silence: Duration,
        random: [u8; 10],
    ) -> Media {
        let mut audio = Box::new([0; limits::MAX_RTP_PACKET]);
        // Early media and strangers' packets from before the answer are nobody's keys.
        for _ in 0..limits::MAX_STALE_PACKETS {
            if port.audio.try_recv_from(&mut audio[..]).is_err() {
                break;
            }
        }
        let started = Instant::now();
        Media {
            port,
            guard: SourceGuard::new(negotiated.remote, networks),
            srtp: contexts(&security, &negotiated),
            negotiated,
            security,
            keypad: Keypad::default(),
            outgoing: Outgoing::new(random),
            pacer: Pacer::new(started + phase(random[0])),
            playout: None,
            started,
            silence,
            last_heard: None,
            stopped: false,
            counts: Counts::default(),
            reception: Reception::default(),
            remote: Remote::default(),
            report_due: started + rtcp::interval(random[1], true),
            events: VecDeque::new(),
            audio,
            report: Box::new([0; limits::MAX_RTP_PACKET]),
        }
    }

    /// Takes over what a new offer of the peer settled.
    pub fn renegotiate(&mut self, negotiated: Negotiated) {
        self.guard.renegotiate(negotiated.remote);
        match (&mut self.srtp, &negotiated.secured) {
            (Some(srtp), Some(theirs)) => srtp.rekey(&theirs.key),
            _ => self.srtp = contexts(&self.security, &negotiated),
        }
        // Whoever was on hold had no reason to send.
        self.last_heard = self.last_heard.map(|_| Instant::now());
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

    /// What the administrator reads: counts, how well the audio went both ways, and where refused packets make a
    /// setting necessary.
    pub fn summary(&self) -> String {
        let secured = if self.srtp.is_some() { " (SRTP)" } else { "" };
        let source = match self.keypad.source() {
            Some(crate::dtmf::Source::Rtp) => ", keys by RTP",
            Some(crate::dtmf::Source::Info) => ", keys by INFO",
            None => "",
        };
        let refused = match self.guard.refused() {
            0 => String::new(),
            refused => format!(", {refused} refused as from elsewhere: see media_networks"),
        };
        let forged = match self.counts.not_authentic {
            0 => String::new(),
            forged => format!(", {forged} not authentic or repeated"),
        };
        let (lost, jitter) = (self.reception.lost(), self.reception.jitter().as_millis());
        let Punctuality { frames, late } = self.pacer.punctuality();
        let there = match self.remote.ours {
            Some((lost, jitter)) => format!(", there {lost} lost, jitter {} ms", jitter.as_millis()),
            None => String::new(),
        };
        format!(
            "{} RTP packets heard{secured}, {lost} lost, jitter {jitter} ms{refused}{forged}{source}, \
             {frames} frames sent, {late} late{there}",
            self.counts.packets
        )
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
                // An error here is the echo of a packet that found nobody (ICMP), not of this socket.
                received = self.port.audio.recv_from(&mut self.audio[..]) => {
                    if let Ok((length, source)) = received {
                        self.receive(length, source, Instant::now());
                    }
                }
                received = self.port.reports.recv_from(&mut self.report[..]) => {
                    if let Ok((length, source)) = received {
                        self.receive_report(length, source, Instant::now());
                    }
                }
            }
        }
    }

    /// Says goodbye to the peer's media stack, with a last report.
    pub fn leave(&mut self) {
        self.send_report(Instant::now(), true);
    }

    fn send(&mut self, now: Instant) {
        let due = self.pacer.due(now);
        self.outgoing.skip(due.skipped);
        if let Some(playout) = self.playout.as_mut().filter(|_| self.negotiated.send) {
            playout.skip(due.skipped);
        }
        for _ in 0..due.send {
            self.send_frame();
        }
        if self.playout.as_ref().is_some_and(Playout::is_over) {
            self.playout = None;
            self.events.push_back(MediaEvent::PromptEnded);
        }
        if now >= self.report_due {
            let mut random = [0];
            // Without a random number the report comes in the middle of the time.
            random[0] = getrandom::u32().map_or(128, |random| random.to_be_bytes()[0]);
            self.report_due = now + rtcp::interval(random[0], false);
            self.send_report(now, false);
        }
        let may_send = self.negotiated.receive && self.negotiated.remote.is_some();
        let silent = self.last_heard.is_some_and(|heard| now.duration_since(heard) > self.silence);
        if may_send && silent && !self.stopped {
            self.stopped = true;
            self.events.push_back(MediaEvent::Stopped);
        }
    }

    fn send_frame(&mut self) {
        // On hold nobody listens: the prompt waits, and time goes on without packets.
        let destination = self.guard.destination().filter(|_| self.negotiated.send);
        let Some(destination) = destination else { return self.outgoing.skip(1) };
        let codec = self.negotiated.codec;
        let mut frame = [codec.silence(); limits::FRAME_SAMPLES];
        let talking = self.playout.as_mut().is_some_and(|playout| playout.next_frame(codec, &mut frame));
        let packet = self.outgoing.packet(self.negotiated.payload_type, &frame, talking);
        let packet = match &mut self.srtp {
            None => packet,
            Some(srtp) => packet.and_then(|packet| srtp.protect(&packet)),
        };
        if let Some(packet) = packet {
            // A full socket buffer loses a frame, as the network would; waiting would delay all that follow.
            drop(self.port.audio.try_send_to(&packet, destination));
        }
    }

    fn send_report(&mut self, now: Instant, goodbye: bool) {
        let Some(destination) = self.guard.report_destination(self.negotiated.reports) else { return };
        let of_day = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let at = now.duration_since(self.started);
        let report = rtcp::write(self.outgoing.sent(), &mut self.reception, at, of_day, goodbye);
        let report = match &mut self.srtp {
            None => report,
            Some(srtp) => report.and_then(|report| srtp.protect_report(&report)),
        };
        if let Some(report) = report {
            drop(self.port.reports.try_send_to(&report, destination));
        }
    }

    fn receive(&mut self, length: usize, source: SocketAddr, now: Instant) {
        let bytes = self.audio.get(..length).unwrap_or_default();
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
        let opened = match &mut self.srtp {
            None => Some(Cow::Borrowed(bytes)),
            Some(srtp) => srtp.open(bytes).map(Cow::Owned),
        };
        let Some(opened) = opened else {
            self.counts.not_authentic = self.counts.not_authentic.saturating_add(1);
            return;
        };
        let Ok(packet) = RtpPacket::parse(&opened) else { return };
        self.guard.believe(source);
        self.counts.packets = self.counts.packets.saturating_add(1);
        if self.last_heard.replace(now).is_none() {
            self.events.push_back(MediaEvent::Arrived);
        }
        let payload_type = packet.payload_type();
        // Some peers send events under our number, some under their own.
        let is_event = payload_type == OFFERED_EVENTS || self.negotiated.events.contains(&payload_type);
        let timestamp = (!is_event).then(|| packet.timestamp());
        let at = now.duration_since(self.started);
        self.reception.heard(packet.ssrc(), packet.sequence_number(), timestamp, at);
        if is_event {
            let key = self.keypad.rtp(packet.ssrc(), packet.timestamp(), packet.payload());
            self.events.extend(key.map(MediaEvent::Key));
        }
    }

    fn receive_report(&mut self, length: usize, source: SocketAddr, now: Instant) {
        let bytes = self.report.get(..length).unwrap_or_default();
        if !self.guard.admits_report(source) {
            return;
        }
        let opened = match &mut self.srtp {
            None => Some(Cow::Borrowed(bytes)),
            Some(srtp) => srtp.open_report(bytes).map(Cow::Owned),
        };
        let Some(opened) = opened else { return };
        let (ours, at) = (self.outgoing.sent().ssrc, now.duration_since(self.started));
        let read = rtcp::read(&opened, ours, &mut self.reception, at, &mut self.remote);
        // Who reports is there, even if it has nothing to say, as when a telephone does not send silence.
        if read && self.last_heard.is_some() {
            self.last_heard = Some(now);
        }
    }
}

/// The keys of both sides at work, if the call is encrypted.
fn contexts(security: &Security, negotiated: &Negotiated) -> Option<Srtp> {
    Srtp::new(security.key()?, &negotiated.secured.as_ref()?.key)
}

#[cfg(test)]
#[path = "media_tests.rs"]
mod tests;
