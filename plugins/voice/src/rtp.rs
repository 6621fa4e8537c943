//! The parts of RTP that need no socket: packets to send, when to send them, and whom to believe.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use rtp_types::RtpPacketBuilder;

use crate::limits;
use crate::network::Network;
use crate::rtcp::Sent;

/// The stream of packets that we send (RFC 3550 §5.1).
#[derive(Debug)]
pub struct Outgoing {
    ssrc: u32,
    sequence: u16,
    timestamp: u32,
    talking: bool,
    packets: u32,
    octets: u32,
}

impl Outgoing {
    /// Starts at a place that `random` picks, so that nobody can guess where. The sequence numbers begin in the
    /// lower half: if they started anew among the first packets, and those were lost, a peer could not tell how
    /// often they did, and SRTP needs that (RFC 3711 §3.3.1).
    pub fn new(random: [u8; 10]) -> Outgoing {
        let [a, b, c, d, e, f, g, h, i, j] = random;
        Outgoing {
            ssrc: u32::from_be_bytes([a, b, c, d]),
            timestamp: u32::from_be_bytes([e, f, g, h]),
            sequence: u16::from_be_bytes([i, j]) & 0x7fff,
            talking: false,
            packets: 0,
            octets: 0,
        }
    }

    /// Makes the packet of one frame. `talking` tells speech from silence: the first frame of speech after
    /// silence carries the marker (RFC 3551 §4.1).
    pub fn packet(&mut self, payload_type: u8, frame: &[u8], talking: bool) -> Option<Vec<u8>> {
        let marker = talking && !self.talking;
        self.talking = talking;
        let packet = RtpPacketBuilder::<&[u8], &[u8]>::new()
            .payload_type(payload_type)
            .marker_bit(marker)
            .ssrc(self.ssrc)
            .sequence_number(self.sequence)
            .timestamp(self.timestamp)
            .payload(frame)
            .write_vec();
        self.sequence = self.sequence.wrapping_add(1);
        self.packets = self.packets.wrapping_add(1);
        self.octets = self.octets.wrapping_add(u32::try_from(frame.len()).unwrap_or(0));
        self.skip(1);
        packet.ok()
    }

    /// What went out so far.
    pub fn sent(&self) -> Sent {
        let Outgoing { ssrc, timestamp, packets, octets, .. } = *self;
        Sent { ssrc, timestamp, packets, octets }
    }

    /// Lets time pass without packets: frames that were due too long ago, or that nobody wants to hear.
    pub fn skip(&mut self, frames: u32) {
        let samples = u32::try_from(limits::FRAME_SAMPLES).unwrap_or(0);
        self.timestamp = self.timestamp.wrapping_add(samples.wrapping_mul(frames));
    }
}

/// When frames are due. The times are absolute, so that late wake-ups do not add up.
#[derive(Debug)]
pub struct Pacer {
    next: Instant,
    punctuality: Punctuality,
}

/// How well frames kept their times.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Punctuality {
    /// Frames that were due, sent or skipped.
    pub frames: u64,
    /// Those that were due more than `limits::LATE` before.
    pub late: u64,
}

/// What to do at a wake-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// Frames that come too late to be sent.
    pub skipped: u32,
    /// Frames to send now.
    pub send: u32,
}

/// Where in a frame's time a call begins to send, so that calls answered together do not all send at once.
#[must_use]
pub fn phase(random: u8) -> Duration {
    limits::FRAME * u32::from(random) / 256
}

impl Pacer {
    /// Begins with a frame that is due at `first`.
    pub fn new(first: Instant) -> Pacer {
        Pacer { next: first, punctuality: Punctuality::default() }
    }

    /// When to wake up.
    pub fn next(&self) -> Instant {
        self.next
    }

    /// How well it went so far.
    pub fn punctuality(&self) -> Punctuality {
        self.punctuality
    }

    /// Takes what is due at `now`: after a stall at most `limits::MAX_CATCH_UP` frames at once.
    pub fn due(&mut self, now: Instant) -> Due {
        let Some(late) = now.checked_duration_since(self.next) else { return Due { skipped: 0, send: 0 } };
        let frames = u32::try_from(late.as_nanos() / limits::FRAME.as_nanos()).unwrap_or(u32::MAX - 1) + 1;
        self.next += limits::FRAME.checked_mul(frames).unwrap_or(Duration::MAX / 2);
        self.punctuality.frames = self.punctuality.frames.saturating_add(u64::from(frames));
        let late_for = late.saturating_sub(limits::LATE);
        let late_frames =
            u64::try_from(late_for.as_nanos().div_ceil(limits::FRAME.as_nanos())).unwrap_or(u64::MAX);
        self.punctuality.late = self.punctuality.late.saturating_add(late_frames);
        let send = frames.min(limits::MAX_CATCH_UP);
        Due { skipped: frames - send, send }
    }
}

/// Whose packets are believed: without this, anybody who finds the port could talk and press keys in the call
/// ("RTP bleed").
#[derive(Debug)]
pub struct SourceGuard {
    negotiated: Option<SocketAddr>,
    networks: Vec<Network>,
    latched: Option<SocketAddr>,
    refused: u64,
}

impl SourceGuard {
    /// Believes the negotiated address and these networks.
    pub fn new(negotiated: Option<SocketAddr>, networks: Vec<Network>) -> SourceGuard {
        SourceGuard { negotiated, networks, latched: None, refused: 0 }
    }

    /// Takes over an address that was negotiated anew; the next packet may come from another port.
    pub fn renegotiate(&mut self, negotiated: Option<SocketAddr>) {
        if self.negotiated != negotiated {
            self.negotiated = negotiated;
            self.latched = None;
        }
    }

    /// Whether a packet from `source` may be looked at.
    pub fn admits(&mut self, source: SocketAddr) -> bool {
        let admitted = match self.latched {
            Some(latched) => latched == source,
            None => self.is_known(source.ip()),
        };
        if !admitted {
            self.refused = self.refused.saturating_add(1);
        }
        admitted
    }

    /// Binds the call to this address and port, from which a packet came that was one.
    pub fn believe(&mut self, source: SocketAddr) {
        self.latched = Some(source);
    }

    /// Whether a report from `source` may be looked at. Reports have a port of their own, which need not be the
    /// one that was negotiated.
    pub fn admits_report(&self, source: SocketAddr) -> bool {
        match self.latched {
            Some(latched) => latched.ip() == source.ip(),
            None => self.is_known(source.ip()),
        }
    }

    fn is_known(&self, ip: IpAddr) -> bool {
        self.negotiated.is_some_and(|negotiated| negotiated.ip() == ip)
            || self.networks.iter().any(|network| network.contains(ip))
    }

    /// Where our reports go: `negotiated`, unless audio turned out to come from elsewhere, whose next port it is
    /// then.
    pub fn report_destination(&self, negotiated: Option<SocketAddr>) -> Option<SocketAddr> {
        match self.latched {
            Some(latched) if self.negotiated != Some(latched) => {
                Some(SocketAddr::new(latched.ip(), latched.port().checked_add(1)?))
            }
            _ => negotiated,
        }
    }

    /// Where our audio goes: to where the believed audio comes from, so that it passes address translation,
    /// and until there is some to the negotiated address.
    pub fn destination(&self) -> Option<SocketAddr> {
        self.latched.or(self.negotiated)
    }

    /// How many packets were not believed.
    pub fn refused(&self) -> u64 {
        self.refused
    }
}

#[cfg(test)]
mod tests {
    use rtp_types::RtpPacket;

    use super::*;

    #[test]
    fn calls_begin_anywhere_within_a_frame() {
        assert_eq!(phase(0), Duration::ZERO);
        assert_eq!(phase(128), limits::FRAME / 2);
        assert!(phase(255) < limits::FRAME);
    }

    #[test]
    fn packets_count_up_and_mark_the_start_of_speech() {
        let mut outgoing = Outgoing::new([0, 0, 0, 7, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
        let mut marks = Vec::new();
        for (index, talking) in [false, true, true, false, true].into_iter().enumerate() {
            let bytes = outgoing.packet(8, &[0xd5; 160], talking).unwrap();
            let packet = RtpPacket::parse(&bytes).unwrap();
            assert_eq!((packet.ssrc(), packet.payload_type(), packet.payload().len()), (7, 8, 160));
            assert_eq!(packet.sequence_number(), 0x7fff + index as u16);
            assert_eq!(packet.timestamp(), u32::MAX.wrapping_add(160 * index as u32));
            marks.push(packet.marker_bit());
        }
        assert_eq!(marks, [false, true, false, false, true]);
        let Sent { ssrc, packets, octets, .. } = outgoing.sent();
        assert_eq!((ssrc, packets, octets), (7, 5, 800));
        outgoing.skip(10);
        let bytes = outgoing.packet(8, &[], true).unwrap();
        assert_eq!(RtpPacket::parse(&bytes).unwrap().timestamp(), u32::MAX.wrapping_add(160 * 15));
    }

    #[test]
    fn pacing_is_absolute_and_a_stall_is_no_burst() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut pacer = Pacer::new(start);
        let table = [
            (0, Due { skipped: 0, send: 1 }, 20),
            (10, Due { skipped: 0, send: 0 }, 20),
            (25, Due { skipped: 0, send: 1 }, 40),
            (41, Due { skipped: 0, send: 1 }, 60),
            (100, Due { skipped: 0, send: 3 }, 120),
            (1119, Due { skipped: 47, send: 3 }, 1120),
        ];
        for (now, due, next) in table {
            assert_eq!(pacer.due(at(now)), due, "at {now}");
            assert_eq!(pacer.next(), at(next), "after {now}");
        }
        // Late are those due at 60 and 80 and the fifty of the stall; the one due at 20 was 5 ms behind, no more.
        assert_eq!(pacer.punctuality(), Punctuality { frames: 56, late: 52 });
    }

    #[test]
    fn only_the_negotiated_source_is_believed() {
        let address = |text: &str| text.parse::<SocketAddr>().unwrap();
        let mut guard =
            SourceGuard::new(Some(address("192.0.2.1:4000")), vec!["198.51.100.0/24".parse().unwrap()]);
        let packet = |guard: &mut SourceGuard, source: &str| {
            let admitted = guard.admits(address(source));
            if admitted {
                guard.believe(address(source));
            }
            admitted
        };
        let reports = Some(address("192.0.2.1:4009"));
        assert_eq!(guard.destination(), Some(address("192.0.2.1:4000")));
        assert_eq!(guard.report_destination(reports), reports);
        assert!(!packet(&mut guard, "203.0.113.5:4000"));
        assert!(guard.admits(address("192.0.2.1:4444")), "the port may differ");
        assert!(guard.admits(address("192.0.2.1:4001")), "what is only looked at binds nothing");
        assert!(packet(&mut guard, "192.0.2.1:4444"));
        assert_eq!(guard.destination(), Some(address("192.0.2.1:4444")));
        assert_eq!(guard.report_destination(reports), Some(address("192.0.2.1:4445")));
        assert!(!packet(&mut guard, "192.0.2.1:4000"), "but only one is believed");
        assert!(!packet(&mut guard, "198.51.100.9:4000"));
        assert!(
            guard.admits_report(address("192.0.2.1:9")) && !guard.admits_report(address("203.0.113.5:9"))
        );
        assert_eq!(guard.refused(), 3);
        guard.renegotiate(Some(address("192.0.2.9:5000")));
        assert!(packet(&mut guard, "198.51.100.9:4000"), "a listed network may relay");
        guard.renegotiate(Some(address("192.0.2.9:5000")));
        assert!(!packet(&mut guard, "192.0.2.9:5000"), "the same address again changes nothing");
    }

    #[test]
    fn on_hold_only_listed_networks_are_believed() {
        let mut guard = SourceGuard::new(None, vec![]);
        assert!(!guard.admits("192.0.2.1:4000".parse().unwrap()));
        assert_eq!(guard.destination(), None);
    }
}
