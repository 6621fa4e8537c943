//! Keys that a person presses: telephone events in RTP (RFC 4733) and SIP INFO bodies, each press counted
//! once. What the keys mean is up to [`crate::conversation`].

use std::collections::VecDeque;
use std::fmt;

use zeroize::Zeroize;

use crate::limits;

/// A key of a telephone. Its `Debug` does not tell which, since keys spell codes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// 0 to 9.
    Digit(u8),
    /// The star.
    Star,
    /// The pound sign or hash.
    Pound,
    /// A to D, which ordinary telephones do not have.
    Letter,
}

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Key(…)")
    }
}

impl Key {
    /// The key of an event code (RFC 4733 §3.2), if it is one.
    fn of_event(code: u8) -> Option<Key> {
        match code {
            0..=9 => Some(Key::Digit(code)),
            10 => Some(Key::Star),
            11 => Some(Key::Pound),
            12..=15 => Some(Key::Letter),
            _ => None,
        }
    }

    /// The key of a `Signal` value of an INFO body: a character, or its event code in decimal.
    fn of_signal(signal: &str) -> Option<Key> {
        match signal {
            "*" => Some(Key::Star),
            "#" => Some(Key::Pound),
            "a" | "b" | "c" | "d" | "A" | "B" | "C" | "D" => Some(Key::Letter),
            _ if (1..=2).contains(&signal.len()) && signal.bytes().all(|byte| byte.is_ascii_digit()) => {
                Key::of_event(signal.parse().ok()?)
            }
            _ => None,
        }
    }
}

/// The digits of one entry. Never printed, and wiped when dropped.
#[derive(Clone, Default, PartialEq, Eq, Zeroize)]
#[zeroize(drop)]
pub struct Entry(String);

impl Entry {
    /// Adds a digit.
    pub fn push(&mut self, digit: u8) {
        self.0.push(char::from(b'0' + digit.min(9)));
    }

    /// How many digits there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether this is one key and no more.
    pub fn is_only(&self, digit: u8) -> bool {
        self.0.as_bytes() == [b'0' + digit.min(9)]
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The digits, for the `check` request and nothing else.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Entry({} digits)", self.0.len())
    }
}

/// Where a key came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Telephone events in RTP.
    Rtp,
    /// SIP INFO requests.
    Info,
}

/// Collects the presses of one call. Some peers send each press both in RTP and as INFO: the source of the
/// first press is the one that counts for the whole call, so that no digit is doubled.
#[derive(Debug, Default)]
pub struct Keypad {
    source: Option<Source>,
    events: Events,
}

impl Keypad {
    /// Takes the payload of an RTP packet of a telephone-event type.
    pub fn rtp(&mut self, ssrc: u32, timestamp: u32, payload: &[u8]) -> Option<Key> {
        let key = self.events.packet(ssrc, timestamp, payload)?;
        self.prefer(Source::Rtp, key)
    }

    /// Takes a SIP INFO request. Bodies of other types are no keys.
    pub fn info(&mut self, content_type: &str, body: &[u8]) -> Option<Key> {
        let key = info_key(content_type, body)?;
        self.prefer(Source::Info, key)
    }

    fn prefer(&mut self, source: Source, key: Key) -> Option<Key> {
        (*self.source.get_or_insert(source) == source).then_some(key)
    }

    /// Where the keys of this call come from, once there was one.
    pub fn source(&self) -> Option<Source> {
        self.source
    }
}

/// One event as RFC 4733 §2.3 puts it into a packet.
#[derive(Debug, Clone, Copy)]
struct Event {
    ssrc: u32,
    timestamp: u32,
    code: u8,
    duration: u16,
}

/// The receive rule: an event is one press, known by its SSRC and timestamp, and counted at the first of its
/// packets that arrives. So a lost start or a lost end does not matter, nor do the three copies of the end.
#[derive(Debug, Default)]
struct Events {
    last: Option<Event>,
    seen: VecDeque<(u32, u32)>,
}

impl Events {
    fn packet(&mut self, ssrc: u32, timestamp: u32, payload: &[u8]) -> Option<Key> {
        let &[code, _flags_and_volume, high, low, ..] = payload else { return None };
        let event = Event { ssrc, timestamp, code, duration: u16::from_be_bytes([high, low]) };
        let key = Key::of_event(code)?;
        if self.seen.contains(&(ssrc, timestamp)) {
            if let Some(last) =
                self.last.as_mut().filter(|last| (last.ssrc, last.timestamp) == (ssrc, timestamp))
            {
                last.duration = last.duration.max(event.duration);
            }
            return None;
        }
        if self.last.is_some_and(|last| is_before(event, last)) {
            return None;
        }
        if self.seen.len() == limits::REMEMBERED_EVENTS {
            self.seen.pop_front();
        }
        self.seen.push_back((ssrc, timestamp));
        let continues = self.last.is_some_and(|last| is_continuation(event, last));
        self.last = Some(event);
        (!continues).then_some(key)
    }
}

/// Whether a packet belongs to an event older than the newest: a key whose every earlier packet was lost is
/// better missed than put behind its successor.
fn is_before(event: Event, last: Event) -> bool {
    event.ssrc == last.ssrc && event.timestamp.wrapping_sub(last.timestamp) > u32::MAX / 2
}

/// Whether an event is the next segment of a key held longer than a duration field can tell (§2.5.1.3), about
/// eight seconds: the segment starts where the full one before it ended.
fn is_continuation(event: Event, last: Event) -> bool {
    /// One packet of slack, since the last report before the split need not be the full duration.
    const SLACK: u32 = 800;
    let since = event.timestamp.wrapping_sub(last.timestamp);
    let full = u32::from(u16::MAX);
    event.ssrc == last.ssrc
        && event.code == last.code
        && u32::from(last.duration) + SLACK >= full
        && since.abs_diff(full) <= SLACK
}

/// Reads a key out of an INFO body: `application/dtmf-relay` (`Signal=5` and `Duration=160` on lines of their
/// own) or `application/dtmf` (the key alone).
fn info_key(content_type: &str, body: &[u8]) -> Option<Key> {
    if body.len() > limits::MAX_INFO {
        return None;
    }
    let body = std::str::from_utf8(body).ok()?;
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    if media_type.eq_ignore_ascii_case("application/dtmf-relay") {
        body.lines().find_map(|line| {
            let (name, value) = line.split_once(['=', ':'])?;
            name.trim().eq_ignore_ascii_case("signal").then(|| Key::of_signal(value.trim())).flatten()
        })
    } else if media_type.eq_ignore_ascii_case("application/dtmf") {
        Key::of_signal(body.trim())
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A packet of an event: timestamp, code, end flag, duration.
    type Packet = (u32, u8, bool, u16);

    fn payload(code: u8, end: bool, duration: u16) -> [u8; 4] {
        let [high, low] = duration.to_be_bytes();
        [code, if end { 0x8a } else { 0x0a }, high, low]
    }

    fn keys(packets: &[Packet]) -> Vec<u8> {
        let mut keypad = Keypad::default();
        packets
            .iter()
            .filter_map(|&(timestamp, code, end, duration)| {
                keypad.rtp(1, timestamp, &payload(code, end, duration))
            })
            .map(|key| match key {
                Key::Digit(digit) => digit,
                Key::Star => b'*',
                Key::Pound => b'#',
                Key::Letter => b'A',
            })
            .collect()
    }

    #[test]
    fn each_press_counts_once() {
        let table: &[(&str, &[Packet], &[u8])] = &[
            (
                "a whole press",
                &[
                    (100, 5, false, 160),
                    (100, 5, false, 320),
                    (100, 5, true, 480),
                    (100, 5, true, 480),
                    (100, 5, true, 480),
                ],
                &[5],
            ),
            ("start lost", &[(100, 5, true, 480), (100, 5, true, 480)], &[5]),
            ("end lost", &[(100, 5, false, 160), (900, 6, false, 160)], &[5, 6]),
            ("same digit twice", &[(100, 1, true, 480), (1700, 1, true, 480)], &[1, 1]),
            (
                "late copy of the one before",
                &[(100, 1, false, 160), (900, 2, false, 160), (100, 1, true, 480), (900, 2, true, 480)],
                &[1, 2],
            ),
            ("late and never seen", &[(900, 2, false, 160), (100, 1, true, 480)], &[2]),
            ("across the wrap", &[(u32::MAX - 100, 1, true, 480), (700, 2, true, 480)], &[1, 2]),
            (
                "held for 9 s",
                &[
                    (100, 7, false, 160),
                    (100, 7, false, 65535),
                    (65635, 7, false, 160),
                    (65635, 7, true, 4000),
                ],
                &[7],
            ),
            ("held for 9 s, last report early", &[(100, 7, false, 65300), (65635, 7, true, 4000)], &[7]),
            ("pressed again 8 s later", &[(100, 7, true, 800), (65635, 7, true, 800)], &[7, 7]),
            (
                "star, pound, letter",
                &[(100, 10, true, 480), (900, 11, true, 480), (1700, 13, true, 480)],
                b"*#A",
            ),
            ("no key at all", &[(100, 16, true, 480), (900, 255, true, 480)], &[]),
        ];
        for (name, packets, expected) in table {
            assert_eq!(keys(packets), *expected, "{name}");
        }
    }

    #[test]
    fn short_payloads_and_new_senders() {
        let mut keypad = Keypad::default();
        for length in 0..4 {
            assert_eq!(keypad.rtp(1, 100, &[5, 0x8a, 1][..length.min(3)]), None);
        }
        assert_eq!(keypad.rtp(1, 5000, &payload(5, true, 480)), Some(Key::Digit(5)));
        assert_eq!(
            keypad.rtp(2, 100, &payload(6, true, 480)),
            Some(Key::Digit(6)),
            "a new SSRC has its own clock"
        );
    }

    #[test]
    fn memory_is_bounded() {
        let mut events = Events::default();
        for index in 0..10_000 {
            events.packet(1, index * 800, &payload(1, true, 480));
        }
        assert_eq!(events.seen.len(), limits::REMEMBERED_EVENTS);
    }

    #[test]
    fn info_bodies() {
        let relay = "application/dtmf-relay";
        let table: &[(&str, &str, Option<Key>)] = &[
            (relay, "Signal=5\r\nDuration=160\r\n", Some(Key::Digit(5))),
            (relay, "Signal= 5\r\nDuration= 160", Some(Key::Digit(5))),
            ("Application/DTMF-Relay;charset=utf-8", "signal=0", Some(Key::Digit(0))),
            (relay, "Duration=160\r\nSignal=#\r\n", Some(Key::Pound)),
            (relay, "Signal=10", Some(Key::Star)),
            (relay, "Signal=D", Some(Key::Letter)),
            (relay, "Signal=16", None),
            (relay, "Signal=123", None),
            (relay, "Signal=", None),
            (relay, "Signal=+5", None),
            (relay, "5", None),
            ("application/dtmf", "5\r\n", Some(Key::Digit(5))),
            ("application/dtmf", "*", Some(Key::Star)),
            ("application/media_control+xml", "Signal=5", None),
            ("", "Signal=5", None),
        ];
        for (content_type, body, expected) in table {
            assert_eq!(
                Keypad::default().info(content_type, body.as_bytes()),
                *expected,
                "{content_type} {body:?}"
            );
        }
        assert_eq!(Keypad::default().info(relay, &[b'x'; limits::MAX_INFO + 1]), None);
        assert_eq!(Keypad::default().info(relay, b"Signal=\xff"), None);
    }

    #[test]
    fn one_source_a_call() {
        let mut keypad = Keypad::default();
        assert!(keypad.rtp(1, 100, &payload(5, true, 480)).is_some());
        assert!(keypad.info("application/dtmf", b"5").is_none(), "the same press as INFO");
        let mut keypad = Keypad::default();
        assert!(keypad.info("application/dtmf", b"5").is_some());
        assert!(keypad.rtp(1, 100, &payload(5, true, 480)).is_none(), "the same press in RTP");
        assert_eq!(keypad.source(), Some(Source::Info));
    }

    #[test]
    fn nothing_prints_a_digit() {
        let mut entry = Entry::default();
        entry.push(7);
        assert_eq!(format!("{entry:?} {:?}", Key::Digit(7)), "Entry(1 digits) Key(…)");
        assert_eq!(entry.expose(), "7");
    }
}
