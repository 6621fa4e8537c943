//! Every bound of this plugin, in one place: nothing that a peer or the daemon sends can make it wait, grow
//! or send without one of these.

use std::time::Duration;

/// The values that `ring_seconds` may have. Longer, and voicemail takes over on most networks.
pub const RING_SECONDS: std::ops::RangeInclusive<u64> = 1..=120;

/// The values that `max_call_seconds` may have.
pub const MAX_CALL_SECONDS: std::ops::RangeInclusive<u64> = 10..=600;

/// The values that `trying_seconds` may have: less than the 32 s after which the transaction itself gives up.
pub const TRYING_SECONDS: std::ops::RangeInclusive<u64> = 1..=30;

/// The values that `silence_seconds` may have.
pub const SILENCE_SECONDS: std::ops::RangeInclusive<u64> = 5..=120;

/// The values that `first_key_seconds` and `next_key_seconds` may have.
pub const KEY_SECONDS: std::ops::RangeInclusive<u64> = 1..=60;

/// The values that `concurrent_calls` may have.
pub const CONCURRENT_CALLS: std::ops::RangeInclusive<usize> = 1..=1000;

/// How long a request within a call that nobody answered yet is held back before it is refused: less than T1 (RFC 3261
/// §17.1.1.1), after which the peer asks again.
pub const EARLY: Duration = Duration::from_millis(400);

/// The most networks in `media_networks` and in `signalling_networks` each.
pub const MAX_NETWORKS: usize = 64;

/// The largest password file, in bytes.
pub const MAX_PASSWORD: u64 = 1024;

/// How long one entry may take from the end of its prompt to its last digit, however slowly keys come.
pub const ENTRY: Duration = Duration::from_secs(45);

/// How long to wait for the first audio of the peer before the greeting starts anyway.
pub const SETTLE: Duration = Duration::from_millis(800);

/// Audio sent per packet: 20 ms, the default of RFC 3551 §4.2 for G.711.
pub const FRAME: Duration = Duration::from_millis(20);

/// Samples, and so bytes of G.711, in one [`FRAME`] at 8 kHz.
pub const FRAME_SAMPLES: usize = 160;

/// How long after its time a frame counts as late: a quarter of a frame, well inside what peers buffer.
pub const LATE: Duration = Duration::from_millis(5);

/// How many late frames are sent at once after a stall; later ones are skipped, so that no burst of old audio
/// follows.
pub const MAX_CATCH_UP: u32 = 3;

/// The largest RTP packet that is read, in bytes. Longer ones are cut and then fail to parse or are ignored.
pub const MAX_RTP_PACKET: usize = 1500;

/// The fewest packets that a peer's SRTP key has to last for: over ten minutes of audio, the longest call.
pub const MAX_CALL_PACKETS: u64 = 1 << 15;

/// How many senders one encrypted call may have, one after the other.
pub const MAX_SENDERS: usize = 8;

/// How many packets back a late one is still taken, if it has not come before (RFC 3711 §3.3.2 asks for 64).
pub const REPLAY_WINDOW: usize = 64;

/// How often reports on the audio are sent, on average (RFC 3550 §6.2).
pub const REPORTS: Duration = Duration::from_secs(5);

/// The most packets from before the answer that are thrown away when media starts.
pub const MAX_STALE_PACKETS: usize = 1000;

/// How much earlier than the daemon's deadline a call ends, so that its real outcome gets there in time.
pub const DEADLINE_MARGIN: Duration = Duration::from_secs(3);

/// How long the ends of calls may take when the plugin shuts down.
pub const SHUTDOWN: Duration = Duration::from_secs(4);

/// The largest session description that is parsed, in bytes.
pub const MAX_SDP: usize = 16 * 1024;

/// The largest body of a SIP INFO that is looked into for a key, in bytes.
pub const MAX_INFO: usize = 1024;

/// How many recent key presses are remembered to recognise their late copies.
pub const REMEMBERED_EVENTS: usize = 16;

/// The most trunks.
pub const MAX_TRUNKS: usize = 4;

/// The most name servers.
pub const MAX_NAME_SERVERS: usize = 4;

/// The most addresses of a trunk's name, and the most service records, that are looked at.
pub const MAX_ADDRESSES: usize = 16;

/// How many addresses of a trunk are connected to before a call gives it up.
pub const MAX_CONNECTS: usize = 3;

/// How long a connection and its handshake may take.
pub const CONNECT: Duration = Duration::from_secs(3);

/// The largest file with certificates, in bytes.
pub const MAX_CA_FILE: u64 = 4 * 1024 * 1024;

/// The largest file with a key, in bytes.
pub const MAX_KEY_FILE: u64 = 64 * 1024;

/// The most names of a certificate that a message tells.
pub const MAX_NAMES: usize = 4;

/// The values that `options_seconds` may have, besides 0.
pub const OPTIONS_SECONDS: std::ops::RangeInclusive<u64> = 1..=3600;

/// `options_seconds`, if it is left out.
pub const OPTIONS_DEFAULT: Duration = Duration::from_secs(60);

/// The values that `register_seconds` may have.
pub const REGISTER_SECONDS: std::ops::RangeInclusive<u64> = 30..=86_400;

/// The longest that a registration is believed to last, whatever the registrar grants.
pub const MAX_REGISTER: Duration = Duration::from_secs(86_400);

/// How long before its end a registration no longer counts.
pub const REGISTER_MARGIN: Duration = Duration::from_secs(2);

/// How long after a registration failed the next is tried.
pub const REGISTER_RETRY: Duration = Duration::from_secs(30);

/// The values that `session_seconds` may have, by RFC 4028 §4 90 s at least.
pub const SESSION_SECONDS: std::ops::RangeInclusive<u64> = 90..=7200;

/// The shortest session interval of a peer that is followed.
pub const LEAST_SESSION: Duration = Duration::from_secs(4);

/// How long a refresh of a session may take.
pub const REFRESH: Duration = Duration::from_secs(10);

/// How long a connection may be without a byte from the trunk: longer than the longest call.
pub const IDLE: Duration = Duration::from_secs(900);

/// How long a name look-up of the trunk may take.
pub const RESOLVE: Duration = Duration::from_secs(3);

/// How long to wait for the final response after a CANCEL before the call is given up on our side. The stack
/// goes on with the transaction by itself.
pub const CANCEL: Duration = Duration::from_secs(2);

/// How long to wait for the response to a BYE before the call counts as over. The stack goes on by itself.
pub const BYE: Duration = Duration::from_secs(2);

/// How long the background end of a call may take before its dialog is removed in any case: just over the
/// 64 × T1 of RFC 3261.
pub const TEARDOWN: Duration = Duration::from_secs(36);

/// How many requests of peers are handled at once; more are answered with 503.
pub const MAX_INBOUND: usize = 256;

/// How long the trunk may take to answer when it is asked whether it is there.
pub const PROBE: Duration = Duration::from_secs(5);
