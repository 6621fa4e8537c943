//! The packets that the phone sends: silence, and keys as telephone events (RFC 3550, RFC 4733). No I/O.

use super::sdp::Codec;
use crate::limits;

/// A key of the keypad.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key(u8);

impl Key {
    /// Finds the key with this label: `0` to `9`, `*`, `#`.
    #[must_use]
    pub fn labelled(label: char) -> Option<Self> {
        // The event codes of RFC 4733 §3.2.
        match label {
            '0'..='9' => label.to_digit(10).and_then(|digit| u8::try_from(digit).ok()).map(Self),
            '*' => Some(Self(10)),
            '#' => Some(Self(11)),
            _ => None,
        }
    }
}

/// One direction of a stream of sound, a packet at a time.
#[derive(Debug)]
pub struct Talk {
    codec: Codec,
    events: Option<u8>,
    source: u32,
    sequence: u16,
    timestamp: u32,
    begun: bool,
    press: Option<Press>,
    gap: u32,
}

#[derive(Debug)]
struct Press {
    key: Key,
    began: u32,
    frames: u32,
    ends: u32,
}

/// What a frame did beside filling its packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frame {
    /// A packet of silence; a key may be pressed now if `free`.
    Silence {
        /// Whether the gap after the last key is over.
        free: bool,
    },
    /// A packet of a key that is held down.
    Key,
    /// The last packet of a key.
    KeyDone,
}

impl Talk {
    /// Begins a stream with these random numbers (RFC 3550 §5.1).
    #[must_use]
    pub fn new(codec: Codec, events: Option<u8>, source: u32, sequence: u16, timestamp: u32) -> Self {
        Self { codec, events, source, sequence, timestamp, begun: false, press: None, gap: 0 }
    }

    /// Presses a key from the next frame on. Does nothing while another is down or if the other side knows no
    /// events; says whether it did.
    pub fn press(&mut self, key: Key) -> bool {
        let can = self.press.is_none() && self.events.is_some();
        if can {
            self.press = Some(Press { key, began: self.timestamp, frames: 0, ends: 0 });
        }
        can
    }

    /// Writes the packet of the next 20 ms.
    pub fn frame(&mut self, packet: &mut Vec<u8>) -> Frame {
        packet.clear();
        let frame = match (self.press.take(), self.events) {
            (Some(press), Some(events)) => self.key_frame(packet, press, events),
            _ => self.silent_frame(packet),
        };
        self.begun = true;
        self.sequence = self.sequence.wrapping_add(1);
        self.timestamp = self.timestamp.wrapping_add(limits::FRAME_SAMPLES);
        frame
    }

    fn silent_frame(&mut self, packet: &mut Vec<u8>) -> Frame {
        self.header(packet, self.codec.payload_type(), !self.begun, self.timestamp);
        packet.extend((0..limits::FRAME_SAMPLES).map(|_| self.codec.silence()));
        self.gap = self.gap.saturating_sub(1);
        Frame::Silence { free: self.gap == 0 }
    }

    fn key_frame(&mut self, packet: &mut Vec<u8>, mut press: Press, events: u8) -> Frame {
        if press.frames < limits::KEY_FRAMES {
            press.frames += 1;
        }
        let ending = press.frames == limits::KEY_FRAMES;
        if ending {
            press.ends += 1;
        }
        // The timestamp of every packet of an event is that of its begin (RFC 4733 §2.2), and only the first
        // one is marked.
        self.header(packet, events, press.frames == 1, press.began);
        let end_and_volume = if ending { 0x80 | 10 } else { 10 };
        let duration = u16::try_from(press.frames * limits::FRAME_SAMPLES).unwrap_or(u16::MAX);
        packet.extend([press.key.0, end_and_volume]);
        packet.extend(duration.to_be_bytes());
        if press.ends == limits::KEY_ENDS {
            self.gap = limits::GAP_FRAMES;
            return Frame::KeyDone;
        }
        self.press = Some(press);
        Frame::Key
    }

    fn header(&self, packet: &mut Vec<u8>, payload_type: u8, marker: bool, timestamp: u32) {
        packet.extend([0x80, payload_type | if marker { 0x80 } else { 0 }]);
        packet.extend(self.sequence.to_be_bytes());
        packet.extend(timestamp.to_be_bytes());
        packet.extend(self.source.to_be_bytes());
    }
}

/// Finds the payload in an RTP packet, and its payload type; `None` if it is none.
#[must_use]
pub fn payload(packet: &[u8]) -> Option<(u8, &[u8])> {
    let (first, second) = (*packet.first()?, *packet.get(1)?);
    if first >> 6 != 2 {
        return None;
    }
    let mut start = 12 + usize::from(first & 0x0f) * 4;
    if first & 0x10 != 0 {
        let words = packet.get(start + 2..start + 4)?;
        start += 4 + usize::from(u16::from_be_bytes([words[0], words[1]])) * 4;
    }
    let padding = if first & 0x20 != 0 { usize::from(*packet.last()?) } else { 0 };
    let end = packet.len().checked_sub(padding)?;
    Some((second & 0x7f, packet.get(start..end)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Seen {
        marker: bool,
        payload_type: u8,
        sequence: u16,
        timestamp: u32,
        payload: Vec<u8>,
    }

    fn next(talk: &mut Talk) -> (Seen, Frame) {
        let mut packet = vec![0xaa; 3];
        let frame = talk.frame(&mut packet);
        assert_eq!(packet[0], 0x80);
        assert_eq!(packet[8..12], [0, 0, 0, 9]);
        let (payload_type, payload) = payload(&packet).unwrap();
        let seen = Seen {
            marker: packet[1] & 0x80 != 0,
            payload_type,
            sequence: u16::from_be_bytes([packet[2], packet[3]]),
            timestamp: u32::from_be_bytes([packet[4], packet[5], packet[6], packet[7]]),
            payload: payload.to_vec(),
        };
        (seen, frame)
    }

    /// RFC 4733 §2.5: one timestamp an event, growing duration, the end three times, clock running on.
    #[test]
    fn a_key_is_one_event() {
        let mut talk = Talk::new(Codec::Pcmu, Some(101), 9, 65534, u32::MAX - 159);
        let (first, frame) = next(&mut talk);
        assert_eq!(
            (first.marker, first.payload_type, first.sequence, first.timestamp),
            (true, 0, 65534, u32::MAX - 159)
        );
        assert_eq!((first.payload, frame), (vec![0xff; 160], Frame::Silence { free: true }));

        assert!(talk.press(Key::labelled('7').unwrap()));
        assert!(!talk.press(Key::labelled('8').unwrap()), "one key at a time");
        let events: Vec<_> = std::iter::repeat_with(|| next(&mut talk)).take(7).collect();
        for (at, (seen, frame)) in events.iter().enumerate() {
            let ending = at >= 4;
            let duration = u16::try_from((at + 1).min(5) * 160).unwrap();
            assert_eq!(
                seen.payload,
                [&[7, if ending { 0x8a } else { 10 }][..], &duration.to_be_bytes()].concat()
            );
            assert_eq!((seen.payload_type, seen.timestamp, seen.marker), (101, 0, at == 0), "{at}");
            assert_eq!(seen.sequence, 65535_u16.wrapping_add(u16::try_from(at).unwrap()));
            assert_eq!(*frame, if at == 6 { Frame::KeyDone } else { Frame::Key });
        }
        let gap: Vec<_> = std::iter::repeat_with(|| next(&mut talk)).take(5).collect();
        for (at, (seen, frame)) in gap.iter().enumerate() {
            assert_eq!((seen.payload_type, seen.marker), (0, false));
            assert_eq!(seen.timestamp, 160 * u32::try_from(at + 7).unwrap());
            assert_eq!(*frame, Frame::Silence { free: at == 4 });
        }
    }

    #[test]
    fn the_same_key_twice_is_two_events() {
        let mut talk = Talk::new(Codec::Pcma, Some(96), 9, 0, 0);
        let mut began = Vec::new();
        for _ in 0..2 {
            assert!(talk.press(Key::labelled('1').unwrap()));
            loop {
                let (seen, frame) = next(&mut talk);
                began.push(seen.timestamp);
                if frame == Frame::KeyDone {
                    break;
                }
            }
            while next(&mut talk).1 != (Frame::Silence { free: true }) {}
        }
        began.dedup();
        assert_eq!(began, [0, 12 * 160]);
    }

    #[test]
    fn no_events_no_keys() {
        let mut talk = Talk::new(Codec::Pcma, None, 9, 0, 0);
        assert!(!talk.press(Key::labelled('1').unwrap()));
        assert_eq!(next(&mut talk).0.payload, vec![0xd5; 160]);
    }

    #[test]
    fn labels() {
        for (label, code) in
            [('0', Some(0)), ('9', Some(9)), ('*', Some(10)), ('#', Some(11)), ('A', None), ('٣', None)]
        {
            assert_eq!(Key::labelled(label).map(|key| key.0), code, "{label}");
        }
    }

    #[test]
    fn payloads() {
        let header = |first: u8| [vec![first, 0x80], vec![0; 10]].concat();
        let table: Vec<(Vec<u8>, Option<&[u8]>)> = vec![
            ([header(0x80), vec![1, 2]].concat(), Some(&[1, 2])),
            ([header(0x81), vec![0, 0, 0, 0, 1]].concat(), Some(&[1])),
            ([header(0x90), vec![0, 0, 0, 1, 9, 9, 9, 9, 1]].concat(), Some(&[1])),
            ([header(0xa0), vec![1, 0, 2]].concat(), Some(&[1])),
            (header(0x80), Some(&[])),
            ([header(0xa0), vec![200]].concat(), None),
            ([header(0x90), vec![0, 0, 255, 255]].concat(), None),
            (header(0x8f), None),
            (header(0x40), None),
            (vec![0x80], None),
            (vec![], None),
        ];
        for (packet, expected) in table {
            assert_eq!(payload(&packet), expected.map(|octets| (0, octets)), "{packet:?}");
        }
    }
}
