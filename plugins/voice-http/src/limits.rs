//! Every bound of this plugin, in one place: nothing that a provider, a stranger or the daemon sends can make it wait,
//! grow or call without one of these.

use std::ops::RangeInclusive;
use std::time::Duration;

/// The values that `ring_seconds` may have. Longer, and voicemail takes over on most networks.
pub const RING_SECONDS: RangeInclusive<u64> = 5..=120;

/// The values that `max_call_seconds` may have.
pub const MAX_CALL_SECONDS: RangeInclusive<u64> = 10..=600;

/// The values that `trying_seconds` may have.
pub const TRYING_SECONDS: RangeInclusive<u64> = 1..=60;

/// The values that `key_seconds` may have. Vonage waits no longer than 10.
pub const KEY_SECONDS: RangeInclusive<u64> = 1..=10;

/// The values that `concurrent_calls` may have.
pub const CONCURRENT_CALLS: RangeInclusive<u64> = 1..=1000;

/// The values that `calls_per_second` may have.
pub const CALLS_PER_SECOND: RangeInclusive<u64> = 1..=100;

/// The longest URL in the settings, in bytes.
pub const MAX_URL: usize = 512;

/// The largest secret of one line, in bytes.
pub const MAX_SECRET: u64 = 1024;

/// The largest private key, in bytes of its PEM.
pub const MAX_KEY: u64 = 32 * 1024;

/// The largest `ca_file`, in bytes.
pub const MAX_CA_FILE: u64 = 1024 * 1024;

/// How long it may take to look up a provider, connect to it and agree on keys.
pub const CONNECT: Duration = Duration::from_secs(5);

/// How long a provider may take to answer a request, connecting included.
pub const REQUEST: Duration = Duration::from_secs(10);

/// How long the requests that end a call or ask about it may take: they are made while the daemon waits.
pub const LAST_REQUEST: Duration = Duration::from_secs(2);

/// The largest answer of a provider that is read, in bytes.
pub const MAX_ANSWER: usize = 64 * 1024;

/// How often a call is asked for while the provider says that it has too many.
pub const PLACE_TRIES: u32 = 4;

/// The longest wait that a provider may ask for before the next try.
pub const MAX_RETRY_AFTER: Duration = Duration::from_secs(10);

/// How long after `ring_seconds` the provider has to tell that nobody answered, before we end the call.
pub const RING_MARGIN: Duration = Duration::from_secs(8);

/// How long after `max_call_seconds` the provider has to have ended the call, before we do.
pub const CALL_MARGIN: Duration = Duration::from_secs(3);

/// How long the last prompt may take until the provider tells that the call has ended.
pub const PARTING: Duration = Duration::from_secs(20);

/// How long the daemon may take to answer a check. Vonage gives up on a webhook after 5 s.
pub const CHECK: Duration = Duration::from_secs(4);

/// How long a webhook waits for its answer. Twilio gives up after 15 s; a check is inside of this.
pub const ANSWER: Duration = Duration::from_millis(4800);

/// How much earlier than the daemon's deadline a call ends, so that its real outcome gets there in time.
pub const DEADLINE_MARGIN: Duration = Duration::from_secs(5);

/// How many webhooks of one call wait for their turn. One more is refused.
pub const MAX_WAITING: usize = 16;

/// The largest body of a webhook, in bytes.
pub const MAX_BODY: usize = 16 * 1024;

/// How long the body of a webhook may take.
pub const BODY: Duration = Duration::from_secs(5);

/// How long the head of a request may take, from the connection or the last answer.
pub const HEAD: Duration = Duration::from_secs(15);

/// The most lines in the head of a request, and the largest head, in bytes.
pub const MAX_HEAD_LINES: usize = 64;

/// See [`MAX_HEAD_LINES`].
pub const MAX_HEAD: usize = 16 * 1024;

/// The most parameters of a webhook.
pub const MAX_PARAMETERS: usize = 128;

/// The most connections of the listener at once. One more waits.
pub const MAX_CONNECTIONS: usize = 256;

/// How many requests the listener takes a second in the long run, and how many at once.
pub const REQUESTS_PER_SECOND: u32 = 200;

/// See [`REQUESTS_PER_SECOND`].
pub const REQUESTS_AT_ONCE: u32 = 400;

/// How old, or how much ahead of our clock, a signed token may be.
pub const TOKEN_AGE: Duration = Duration::from_secs(300);

/// How long a token of ours is valid.
pub const OUR_TOKEN: Duration = Duration::from_secs(60);

/// How often it is logged that webhooks were refused.
pub const COMPLAINT: Duration = Duration::from_secs(60);

/// The longest piece of a provider's id that is kept, in characters.
pub const MAX_PROVIDER_ID: usize = 64;

/// How many signed tokens of one call are remembered. One more is refused.
pub const MAX_TOKENS: usize = 256;

/// How long to wait before the next try, if a provider with too many calls does not say so.
pub const RETRY_AFTER: Duration = Duration::from_secs(1);
