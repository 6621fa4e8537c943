//! Many telephone calls at once: sipp answers them, sends back what it hears, so that audio flows both ways, and
//! presses six keys in each.

use std::collections::{HashMap, HashSet};
use std::net::{Ipv4Addr, UdpSocket};
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::process::{Child, Command};

use crate::Outcome;
use crate::daemon::mebibytes;
use crate::limits::{CALLS_A_SECOND, PATIENCE, TALK};
use crate::plugin::Plugin;
use crate::table::{Row, Wanted, say};
use crate::world::directory;

const SIPP: &str = "/usr/bin/sipp";
/// Frames that may be late, in a hundred.
const WANTED: f64 = 0.1;
/// The time between two frames.
const FRAME: Duration = Duration::from_millis(20);
/// How long after its time a frame counts as late, as the plugin has it.
const LATE: Duration = Duration::from_millis(5);
/// Linux counts a process's time in hundredths of a second, whatever the kernel's own clock (proc(5), `utime`).
const TICKS: f64 = 100.0;

/// The keys that sipp presses in each call; answering.xml has them too.
const KEYS: &str = "407993";
/// From `call` to the first ring, in the slowest call of a hundred; sipp rings at once.
const FIRST_RING: Duration = Duration::from_millis(100);

/// Holds so many calls and watches the plugin. What is late is counted by the plugin itself, frame by frame:
/// due more than 5 ms before it was sent.
pub(crate) async fn measure(count: usize) -> Outcome<Vec<Row>> {
    let what = format!("voice plugin, {count} calls at once: late frames");
    if !Path::new(SIPP).exists() {
        let why = "sipp is not installed; install it: apt-get install sip-tester";
        return Ok(vec![Row::missing(&what, why)]);
    }
    let directory = directory()?;
    let (_sipp, port) = sipp(directory.path(), count)?;
    let settings = json!({
        "trunk": format!("127.0.0.1:{port}"), "regions": ["+1"], "concurrent_calls": 1000, "first_key_seconds": 60,
        "silence_seconds": 120, "max_call_seconds": 300, "ring_seconds": 60, "trying_seconds": 30,
        "options_seconds": 0,
    });
    let mut plugin = Plugin::start("readmit-voice", &settings).await?;
    let timer = Timer::start();
    let mut calls = Calls::default();
    calls.begin(&mut plugin, count).await?;
    say(&format!("{count} calls are answered"));
    let (process, begun) = (plugin.process()?, Instant::now());
    let before = ticks(process)?;
    let until = tokio::time::Instant::now() + TALK;
    while let Some(message) = plugin.receive_until(until).await? {
        calls.take(&mut plugin, &message).await?;
    }
    let load = (ticks(process)? - before) / TICKS / begun.elapsed().as_secs_f64() * 100.0;
    let Calls { talking, entries, odd, mut rings, .. } = calls;
    let held = talking.len();
    for call in 0..count {
        plugin.request("cancel", &json!({ "id": format!("call-{call}") })).await?;
    }
    let (frames, late) = punctuality(&mut plugin, talking).await?;
    let percent = late / frames * 100.0;
    let machine = timer.stop()?;
    if held != count {
        return Err(format!("{held} of {count} calls held").into());
    }
    let late_frames = Row::new(
        &what,
        format!(
            "{percent:.2} % of {frames:.0}; {load:.0} % of one core, {:.0} MiB, {held} held",
            mebibytes(process, "VmHWM")?
        ),
        format!("{WANTED} %, or a bare 20 ms timer's {machine:.2} %"),
        percent / machine.max(WANTED),
        Wanted::AtMost(1.0),
    );
    rings.sort();
    let of_a_hundred = |place: usize| rings.get(rings.len() * place / 100).copied().unwrap_or(Duration::MAX);
    let milliseconds = |time: Duration| time.as_secs_f64() * 1000.0;
    let ring = Row::new(
        &format!("voice plugin, {count} calls at once: from `call` to the first ring"),
        format!(
            "{:.1} ms (median; 99 %: {:.1} ms)",
            milliseconds(of_a_hundred(50)),
            milliseconds(of_a_hundred(99))
        ),
        format!("{} ms", FIRST_RING.as_millis()),
        of_a_hundred(99).as_secs_f64() / FIRST_RING.as_secs_f64(),
        Wanted::AtMost(1.0),
    );
    let digits = Row::promise(
        &format!("voice plugin, {count} calls at once: entries that lost or doubled a digit"),
        format!("{} of {count}", count - entries + odd),
        "0",
        entries == count && odd == 0,
    );
    Ok(vec![late_frames, ring, digits])
}

/// What the machine itself does to a thread that wants to wake every 20 ms: no plugin can be more punctual.
struct Timer {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<(u32, u32)>,
}

impl Timer {
    fn start() -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let (mut frames, mut late) = (0, 0);
            let mut next = Instant::now();
            while !told.load(Ordering::Relaxed) {
                next += FRAME;
                std::thread::sleep(next.saturating_duration_since(Instant::now()));
                frames += 1;
                late += u32::from(next.elapsed() > LATE);
            }
            (frames, late)
        });
        Self { stop, thread }
    }

    /// How many of a hundred wake-ups were late.
    fn stop(self) -> Outcome<f64> {
        self.stop.store(true, Ordering::Relaxed);
        let (frames, late) = self.thread.join().map_err(|_| "the timer died")?;
        Ok(f64::from(late) / f64::from(frames.max(1)) * 100.0)
    }
}

/// What became of the calls so far.
#[derive(Default)]
struct Calls {
    /// The ids of the requests that have not ended.
    talking: HashSet<u64>,
    answered: usize,
    /// When each call was asked for, by its id, until it rings.
    asked: HashMap<String, Instant>,
    rings: Vec<Duration>,
    /// Entries that were the keys that were pressed, and others.
    entries: usize,
    odd: usize,
}

impl Calls {
    /// Begins the calls, evenly, and waits until all are answered.
    async fn begin(&mut self, plugin: &mut Plugin, count: usize) -> Outcome<()> {
        let start = tokio::time::Instant::now();
        for call in 0..count {
            let id = format!("call-{call}");
            let params = json!({
                "id": id, "to": "+14155550123", "locale": "en", "fields": {}, "digits": 6, "tries": 3,
                "deadline_ms": 300_000,
            });
            self.asked.insert(id, Instant::now());
            self.talking.insert(plugin.request("call", &params).await?);
            let next = start + Duration::from_secs(1) / CALLS_A_SECOND * u32::try_from(call + 1)?;
            while let Some(message) = plugin.receive_until(next).await? {
                self.take(plugin, &message).await?;
            }
        }
        let latest = tokio::time::Instant::now() + PATIENCE;
        while self.answered < count {
            let message = plugin.receive_until(latest).await?;
            let message =
                message.ok_or_else(|| format!("{} of {count} calls were answered", self.answered))?;
            self.take(plugin, &message).await?;
        }
        Ok(())
    }

    /// Takes a message. Every entry is called wrong, so that its call goes on.
    async fn take(&mut self, plugin: &mut Plugin, message: &Value) -> Outcome<()> {
        if let Some(id) = ended(message) {
            self.talking.remove(&id);
        }
        let params = &message["params"];
        if message["method"] == "check" {
            let is_whole = params["digits"] == KEYS;
            self.entries += usize::from(is_whole);
            self.odd += usize::from(!is_whole);
            plugin.answer(&message["id"], &json!({ "accepted": false, "tries_left": 3 })).await?;
        }
        if params["phase"] == "ringing"
            && let Some(asked) = params["id"].as_str().and_then(|id| self.asked.remove(id))
        {
            self.rings.push(asked.elapsed());
        }
        self.answered += usize::from(is_answered(message)?);
        Ok(())
    }
}

fn is_answered(message: &Value) -> Outcome<bool> {
    if ended(message).is_some() {
        return Err(format!("a call ended early: {message}").into());
    }
    Ok(message["params"]["phase"] == "answered")
}

/// The request that this message answers, if it is the end of a call.
fn ended(message: &Value) -> Option<u64> {
    let is_end = message.get("error").is_some() || message["result"].get("disposition").is_some();
    if is_end { message["id"].as_u64() } else { None }
}

/// Frames and late frames of all calls, as they say at their ends.
async fn punctuality(plugin: &mut Plugin, mut talking: HashSet<u64>) -> Outcome<(f64, f64)> {
    let (mut frames, mut late) = (0.0, 0.0);
    while !talking.is_empty() {
        let message = plugin.receive().await?;
        let Some(id) = ended(&message) else { continue };
        if !talking.remove(&id) {
            continue;
        }
        let detail = message["result"]["detail"].as_str().unwrap_or_default();
        let words: Vec<&str> = detail.split([' ', ',', ';']).filter(|word| !word.is_empty()).collect();
        let before = |what: &str| -> Option<f64> {
            let place = words.iter().position(|word| *word == what)?;
            words.get(place.checked_sub(1)?)?.parse().ok()
        };
        let (Some(all), Some(some)) = (before("frames"), before("late")) else {
            return Err(format!("a call does not count its frames: {message}").into());
        };
        frames += all;
        late += some;
    }
    Ok((frames, late))
}

/// The processor time of a process so far.
fn ticks(process: u32) -> Outcome<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    let rest = stat.rsplit(')').next().unwrap_or_default();
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let field = |number: usize| fields.get(number).ok_or("proc(5) has changed");
    Ok(field(11)?.parse::<f64>()? + field(12)?.parse::<f64>()?)
}

/// Starts the other side.
fn sipp(directory: &Path, count: usize) -> Outcome<(Child, u16)> {
    let scenario = directory.join("answering.xml");
    std::fs::write(&scenario, include_str!("answering.xml"))?;
    let (port, media) = (free_port()?, free_port()?);
    let child = Command::new(SIPP)
        .args(["-m", &count.to_string(), "-l", "2000", "-nostdin", "-timeout", "300s", "-rtp_echo"])
        .args(["-i", "127.0.0.1", "-mi", "127.0.0.1"])
        .args(["-p", &port.to_string(), "-mp", &media.to_string()])
        .arg("-sf")
        .arg(scenario)
        .current_dir(directory)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    Ok((child, port))
}

/// A port of the loopback that is free, even, and none of those that the plugin takes for audio.
fn free_port() -> Outcome<u16> {
    loop {
        let port = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        if port.is_multiple_of(2) && !(20_000..30_000).contains(&port) {
            return Ok(port);
        }
    }
}
