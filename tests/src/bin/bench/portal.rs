//! The portal: how many people it takes through a recovery, how soon a page begins, and how large the pages are.
//!
//! **Recoveries.** The portal runs on the first processor alone; the bus, the daemon and those who recover have the
//! others. One recovery is what a person does who was given a pass by support: `/recover`, the form, `/case`, the
//! pass, what is left, the sign-in, the summary. The limit is the same recovery straight over the bus, by turns in
//! the same run: `Open`, `Show`, `Submit`, `Show`, `Claim`, `Show`. Their ratio is what the pages cost. No password
//! is hashed and no message sent in either, since both would take most of the time and are measured elsewhere.
//!
//! **The first byte.** `/case` on a connection that is kept, against the one `Show` that it cannot do without.
//!
//! **Bytes.** Header and body of every page of a recovery after a theft (sign-in page, reason, steps, what is left,
//! support's form, new password, new device, summary), each once, and every asset once: what a telephone with an empty
//! cache pays for the whole way. Pictures are not counted: the QR code is drawn later than that, and a logo is the
//! organization's.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::Mutex;
use tokio::time::timeout;
use zbus::Variant;

use crate::Outcome;
use crate::browser::{Browser, Page};
use crate::bus::{Callers, Dict};
use crate::daemon::program;
use crate::limits::{PATIENCE, RECOVERERS, RECOVERIES, ROUNDS, SHOWS};
use crate::load::{median, per_second, ratio};
use crate::table::{Row, Wanted, say};
use crate::world::{World, context, for_each};

/// What the whole way may weigh.
const WANTED_BYTES: f64 = 60.0 * 1024.0;
/// The realm whose policy is `portal.lua`.
const REALM: &str = "portal";

/// The policy of the people who recover here; the daemon is started with it.
pub(crate) const POLICY: &str = include_str!("portal.lua");

/// A portal on one processor; dropped, it is killed.
struct Portal {
    host: String,
    config: PathBuf,
    _child: Child,
}

/// Recovers through pages, and over the bus.
pub(crate) async fn measure(world: &World) -> Outcome<Vec<Row>> {
    let callers = world.bus.callers(RECOVERERS).await?;
    say(&format!("{RECOVERIES} people are put on file who are given passes"));
    for_each(RECOVERIES, RECOVERERS, {
        let callers = callers.clone();
        move |number| {
            let callers = callers.clone();
            async move { add(&callers, number).await }
        }
    })
    .await?;
    let portal = Portal::start(world).await?;
    let mut rows = vec![recoveries(&callers, &portal).await?];
    rows.push(first_byte(&callers, &portal).await?);
    rows.push(bytes(&callers, &portal).await?);
    Ok(rows)
}

async fn recoveries(callers: &Callers, portal: &Portal) -> Outcome<Row> {
    let (mut through_pages, mut over_the_bus) = (Vec::new(), Vec::new());
    // The first round is for caches and connections.
    for round in 0..=ROUNDS {
        let bus = all(callers, None).await?;
        let pages = all(callers, Some(&portal.host)).await?;
        if round > 0 {
            over_the_bus.push(bus);
            through_pages.push(pages);
        }
    }
    Ok(Row::new(
        &format!("whole recoveries through the portal on one core, {RECOVERERS} people at once"),
        format!("{:.0}/s", median(through_pages.clone())),
        format!("over the bus {:.0}/s", median(over_the_bus.clone())),
        ratio(&through_pages, &over_the_bus),
        Wanted::Nothing,
    ))
}

/// Everybody recovers once; says how many did in a second. Passes are given out before the clock starts.
async fn all(callers: &Callers, host: Option<&str>) -> Outcome<f64> {
    let mut passes = Vec::new();
    for number in 0..RECOVERIES {
        passes.push(pass(callers, &account(number)).await?);
    }
    let mut browsers = Vec::new();
    for _ in 0..RECOVERERS {
        browsers.push(match host {
            Some(host) => Some(Browser::open(host).await?),
            None => None,
        });
    }
    let left = Arc::new(Mutex::new(passes.into_iter().enumerate()));
    let begin = Instant::now();
    let people: Vec<_> = browsers
        .into_iter()
        .enumerate()
        .map(|(caller, mut browser)| {
            let (left, callers) = (left.clone(), callers.clone());
            tokio::spawn(async move {
                loop {
                    let Some((number, pass)) = left.lock().await.next() else { return Outcome::Ok(()) };
                    match &mut browser {
                        Some(browser) => by_pages(browser, &account(number), &pass).await?,
                        None => by_bus(&callers, caller, &account(number), &pass).await?,
                    }
                }
            })
        })
        .collect();
    for person in people {
        person.await??;
    }
    Ok(per_second(RECOVERIES, begin.elapsed()))
}

async fn by_pages(browser: &mut Browser, account: &str, pass: &str) -> Outcome<()> {
    browser.forget();
    let finish = until_proven(browser, account, "damaged", pass, &mut Vec::new()).await?;
    let signed_in = browser.send(&finish, "/case/claim", &[]).await?;
    if signed_in.leads_to("/case/claim") {
        return Err("the sign-in was not taken".into());
    }
    browser.get("/case/summary").await.map(drop)
}

/// From the first page to the one that says what is left. What was seen is kept in `seen`.
async fn until_proven(
    browser: &mut Browser,
    account: &str,
    reason: &str,
    pass: &str,
    seen: &mut Vec<Page>,
) -> Outcome<Page> {
    let first = browser.get("/recover").await?;
    let case = browser.send(&first, "/recover", &[("account", account), ("reason", reason)]).await?;
    let mut proven = browser.send(&case, "/case/submit/pass", &[("proof", pass)]).await?;
    if !proven.leads_to("/case/claim") {
        seen.push(proven);
        proven = browser.get("/case/finish").await?;
    }
    seen.extend([first, case]);
    Ok(proven)
}

async fn by_bus(callers: &Callers, caller: usize, account: &str, pass: &str) -> Outcome<()> {
    let opened = callers.call(caller, "Recovery1.Open", &(account, "damaged", context())).await?;
    let case: String = opened.body().deserialize()?;
    let case = case.as_str();
    callers.call(caller, "Recovery1.Show", &case).await?;
    callers.call(caller, "Recovery1.Submit", &(case, "pass", [pass].as_slice())).await?;
    callers.call(caller, "Recovery1.Show", &case).await?;
    callers.call(caller, "Recovery1.Claim", &case).await?;
    callers.call(caller, "Recovery1.Show", &case).await?;
    Ok(())
}

async fn first_byte(callers: &Callers, portal: &Portal) -> Outcome<Row> {
    let mut browser = Browser::open(&portal.host).await?;
    let (first, account) = (browser.get("/recover").await?, account(0));
    let account = account.as_str();
    browser.send(&first, "/recover", &[("account", account), ("reason", "damaged")]).await?;
    let opened = callers.call(0, "Recovery1.Open", &(account, "damaged", context())).await?;
    let case: String = opened.body().deserialize()?;
    let (mut pages, mut shows) = (Vec::new(), Vec::new());
    for _ in 0..SHOWS {
        let begin = Instant::now();
        callers.call(0, "Recovery1.Show", &case.as_str()).await?;
        shows.push(begin.elapsed());
        pages.push(browser.get("/case").await?.first_byte);
    }
    let micros = |times: &[Duration]| times.iter().map(|time| time.as_secs_f64() * 1e6).collect::<Vec<_>>();
    let (pages, shows) = (micros(&pages), micros(&shows));
    Ok(Row::new(
        "first byte of /case, 1 person",
        format!("{:.0} µs", median(pages.clone())),
        format!("Show {:.0} µs", median(shows.clone())),
        ratio(&pages, &shows),
        Wanted::Nothing,
    ))
}

async fn bytes(callers: &Callers, portal: &Portal) -> Outcome<Row> {
    let account = account(0);
    let pass = pass(callers, &account).await?;
    let mut browser = Browser::open(&portal.host).await?;
    let mut seen = vec![browser.get("/").await?];
    let finish = until_proven(&mut browser, &account, "stolen", &pass, &mut seen).await?;
    seen.push(browser.send(&finish, "/case/claim", &[]).await?);
    seen.push(finish);
    for path in ["/case/password", "/case/device", "/case/summary", "/case/support"] {
        seen.push(browser.get(path).await?);
    }
    let mut assets: Vec<String> = seen.iter().flat_map(Page::assets).collect();
    assets.sort();
    assets.dedup();
    for asset in assets {
        seen.push(browser.get(&asset).await?);
    }
    for page in &seen {
        say(&format!("{:>6} bytes {}", page.bytes, page.path));
    }
    let whole: usize = seen.iter().map(|page| page.bytes).sum();
    let whole = f64::from(u32::try_from(whole)?);
    Ok(Row::new(
        &format!("bytes of a whole recovery, {} pages and assets", seen.len()),
        format!("{:.1} KiB", whole / 1024.0),
        format!("{:.0} KiB", WANTED_BYTES / 1024.0),
        whole / WANTED_BYTES,
        Wanted::AtMost(1.0),
    ))
}

fn account(number: usize) -> String {
    format!("guest-{number}")
}

async fn add(callers: &Callers, number: usize) -> Outcome<()> {
    let (account, realm) = (account(number), REALM.to_owned());
    let properties = Dict::from([
        ("realm", Variant::from(realm)),
        ("kind", Variant::from("owner")),
        ("email", Variant::from(format!("{account}@example.org"))),
    ]);
    callers.call(number, "Accounts1.Add", &(account.as_str(), properties)).await?;
    let device = Dict::from([("label", Variant::from("phone")), ("form", Variant::from("virtual"))]);
    callers.call(number, "Devices1.Enroll", &(account.as_str(), device)).await.map(drop)
}

async fn pass(callers: &Callers, account: &str) -> Outcome<String> {
    let issued = callers.call(0, "Accounts1.IssuePass", &(account, 3600_u32)).await?;
    Ok(issued.body().deserialize()?)
}

impl Portal {
    /// Starts one on the first processor, with limits out of the way, and waits until it serves.
    async fn start(world: &World) -> Outcome<Self> {
        let config = world.directory().join("portal.toml");
        std::fs::write(&config, configuration(world.bus.address()))?;
        let mut child = Command::new("taskset")
            .args(["--cpu-list", "0"])
            .arg(program("readmit-portal")?)
            .arg("--config")
            .arg(&config)
            .env("READMIT_LOG", "info,zbus=warn")
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let log = child.stderr.take().ok_or("the portal has no log")?;
        let host = timeout(PATIENCE, served_at(log)).await??;
        Ok(Self { host, config, _child: child })
    }
}

impl Drop for Portal {
    fn drop(&mut self) {
        // It holds nothing but numbers.
        let _ = std::fs::remove_file(&self.config);
    }
}

/// Where the portal says that it serves; the rest of its log is read and thrown away.
async fn served_at(log: tokio::process::ChildStderr) -> Outcome<String> {
    let mut lines = BufReader::new(log).lines();
    let mut said = String::new();
    while let Some(line) = lines.next_line().await? {
        if let Some(address) = line.split("address=").nth(1).filter(|_| line.contains("serving")) {
            let host = address.split_whitespace().next().unwrap_or_default().to_owned();
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return Ok(host);
        }
        said.push_str(&line);
    }
    Err(format!("readmit-portal ended: {said}").into())
}

fn configuration(bus: &str) -> String {
    format!(
        "listen = \"127.0.0.1:0\"\nbus = \"{bus}\"\n[connections]\nper_client = 10000\n\
         [limits]\npages_per_minute = 1000000\nforms_per_minute = 1000000\nat_once = 10000\n"
    )
}

/// Where the daemon finds the policy of [`REALM`].
pub(crate) fn policy_file(policies: &Path) -> PathBuf {
    policies.join(format!("{REALM}.lua"))
}
