//! Reports on the audio (RTCP, RFC 3550 §6): how what we heard arrived, how the peer says that ours did, and the
//! goodbye. Bytes in and out; when they go is up to [`crate::media`].

use std::time::Duration;

use rtcp_types::{
    Bye, Compound, Packet, ReportBlock, RtcpPacketWriterExt, Sdes, SdesChunk, SdesItem, SenderReport,
};

use crate::limits;

/// Samples a second of every codec here.
const CLOCK: u64 = 8000;

/// Seconds from the beginning of 1900, where NTP counts from, to that of 1970.
const NTP_OFFSET: u64 = 2_208_988_800;

/// How the packets of one sender arrived (RFC 3550 §6.4.1, A.1, A.3 and A.8).
#[derive(Debug, Clone, Default)]
pub struct Reception {
    ssrc: Option<u32>,
    base: u32,
    highest: u32,
    received: u32,
    reported: (u32, u32),
    transit: Option<u32>,
    /// In sixteenths of a sample.
    jitter: u32,
    lost_of_others: u32,
    last_report: Option<(u32, Duration)>,
}

impl Reception {
    /// Takes note of a packet that arrived `at` this time of the call. `timestamp` is left out where it tells
    /// nothing about timing, as in telephone events.
    pub fn heard(&mut self, ssrc: u32, sequence: u16, timestamp: Option<u32>, at: Duration) {
        if self.ssrc != Some(ssrc) {
            let lost_of_others = self.lost();
            let base = u32::from(sequence);
            *self =
                Reception { ssrc: Some(ssrc), base, highest: base, lost_of_others, ..Reception::default() };
        }
        let ahead = sequence.wrapping_sub(self.highest as u16);
        if ahead < u16::MAX / 2 {
            self.highest = self.highest.wrapping_add(u32::from(ahead));
        }
        self.received = self.received.wrapping_add(1);
        if let Some(timestamp) = timestamp {
            self.time(timestamp, at);
        }
    }

    fn time(&mut self, timestamp: u32, at: Duration) {
        let arrival = u64::try_from(at.as_micros()).unwrap_or(0) * CLOCK / 1_000_000;
        let transit = (arrival as u32).wrapping_sub(timestamp);
        if let Some(before) = self.transit.replace(transit) {
            let difference = (transit.wrapping_sub(before) as i32).unsigned_abs();
            // A jump of the sender's clock is no jitter.
            if u64::from(difference) < CLOCK {
                let smoothed = (self.jitter + 8) >> 4;
                self.jitter = (self.jitter + difference).saturating_sub(smoothed);
            }
        }
    }

    fn expected(&self) -> u32 {
        if self.ssrc.is_none() { 0 } else { self.highest.wrapping_sub(self.base).wrapping_add(1) }
    }

    /// How many packets did not arrive, so far.
    pub fn lost(&self) -> u32 {
        self.lost_of_others.saturating_add(self.expected().saturating_sub(self.received))
    }

    /// The jitter, smoothed.
    pub fn jitter(&self) -> Duration {
        samples(self.jitter >> 4)
    }

    fn block(&mut self, at: Duration) -> Option<rtcp_types::ReportBlockBuilder> {
        let ssrc = self.ssrc?;
        let (expected, received) = (self.expected(), self.received);
        let due = expected.wrapping_sub(self.reported.0);
        let missing = due.saturating_sub(received.wrapping_sub(self.reported.1));
        let fraction = missing.saturating_mul(256).checked_div(due).unwrap_or(0).min(255);
        self.reported = (expected, received);
        let block = ReportBlock::builder(ssrc)
            .fraction_lost(u8::try_from(fraction).unwrap_or(u8::MAX))
            .cumulative_lost(expected.saturating_sub(received).min(0x7f_ffff))
            .extended_sequence_number(self.highest)
            .interarrival_jitter(self.jitter >> 4);
        Some(match self.last_report {
            None => block,
            Some((report, then)) => {
                let since = at.saturating_sub(then).as_micros().saturating_mul(65_536) / 1_000_000;
                block
                    .last_sender_report_timestamp(report)
                    .delay_since_last_sender_report_timestamp(u32::try_from(since).unwrap_or(u32::MAX))
            }
        })
    }
}

/// What we sent, for our report.
#[derive(Debug, Clone, Copy)]
pub struct Sent {
    /// Who we are.
    pub ssrc: u32,
    /// The timestamp of the frame that goes out now.
    pub timestamp: u32,
    /// How many packets went out.
    pub packets: u32,
    /// How many octets of audio.
    pub octets: u32,
}

/// Writes a report: what we sent, how what we heard arrived, a name that says nothing, and the goodbye if this
/// is the last one. `since_1970` is the time of the day.
pub fn write(
    sent: Sent,
    reception: &mut Reception,
    at: Duration,
    since_1970: Duration,
    goodbye: bool,
) -> Option<Vec<u8>> {
    let fraction = (u64::from(since_1970.subsec_nanos()) << 32) / 1_000_000_000;
    let ntp = (since_1970.as_secs().wrapping_add(NTP_OFFSET) << 32) | fraction;
    let mut report = SenderReport::builder(sent.ssrc)
        .ntp_timestamp(ntp)
        .rtp_timestamp(sent.timestamp)
        .packet_count(sent.packets)
        .octet_count(sent.octets);
    if let Some(block) = reception.block(at) {
        report = report.add_report_block(block);
    }
    let name = format!("{:08x}", sent.ssrc);
    let chunk = SdesChunk::builder(sent.ssrc).add_item(SdesItem::builder(SdesItem::CNAME, &name));
    let mut compound = Compound::builder().add_packet(report).add_packet(Sdes::builder().add_chunk(chunk));
    if goodbye {
        compound = compound.add_packet(Bye::builder().add_source(sent.ssrc));
    }
    let mut bytes = vec![0; limits::MAX_RTP_PACKET];
    let length = compound.write_into(&mut bytes).ok()?;
    bytes.truncate(length);
    Some(bytes)
}

/// What the peer's reports told so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Remote {
    /// How our packets arrived there: how many were lost, and how they jittered. `None` before a report said so.
    pub ours: Option<(u32, Duration)>,
    /// Whether it said goodbye.
    pub goodbye: bool,
}

/// Reads a report of the peer about what `ssrc` sent. False if it is none, or breaks off.
pub fn read(bytes: &[u8], ssrc: u32, reception: &mut Reception, at: Duration, remote: &mut Remote) -> bool {
    let Ok(compound) = Compound::parse(bytes) else { return false };
    let mut about_us = |block: ReportBlock<'_>| {
        if block.ssrc() == ssrc {
            // The count is signed: doubled packets can make it less than nothing.
            let lost = block.cumulative_lost();
            let lost = if lost > 0x7f_ffff { 0 } else { lost };
            remote.ours = Some((lost, samples(block.interarrival_jitter())));
        }
    };
    for packet in compound {
        match packet {
            Ok(Packet::Sr(report)) => {
                report.report_blocks().for_each(&mut about_us);
                if reception.ssrc == Some(report.ssrc()) {
                    reception.last_report = Some(((report.ntp_timestamp() >> 16) as u32, at));
                }
            }
            Ok(Packet::Rr(report)) => report.report_blocks().for_each(&mut about_us),
            Ok(Packet::Bye(_)) => remote.goodbye = true,
            Ok(_) => {}
            Err(_) => return false,
        }
    }
    true
}

fn samples(count: u32) -> Duration {
    Duration::from_micros(u64::from(count) * 1_000_000 / CLOCK)
}

/// When the next report is due: five seconds, spread by half either way so that reports of many calls do not
/// come together, and the first in half that time (RFC 3550 §6.2 and §6.3.1).
pub fn interval(random: u8, first: bool) -> Duration {
    let spread = limits::REPORTS / 2 + limits::REPORTS * u32::from(random) / 256;
    if first { spread / 2 } else { spread }
}

#[cfg(test)]
#[path = "rtcp_tests.rs"]
mod tests;
