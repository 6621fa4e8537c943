//! Heads in the system's journal know what a database cannot know of itself: that its end was cut off.

use readmit_tests::{Ended, Host};
use serde_json::Value;

use crate::installed::{host, until};

const RUNBOOK: &str = include_str!("../../../contrib/BACKUP.md");

/// The block of commands of the runbook that has `words`.
fn block(words: &str) -> &'static str {
    let blocks = RUNBOOK.split("\n```").skip(1).step_by(2);
    let block = blocks.map(|block| block.split_once('\n').map_or("", |(_, lines)| lines));
    block.into_iter().find(|block| block.contains(words)).expect("a block of commands")
}

fn run(host: &Host, commands: &str) -> Ended {
    host.run(["sh", "-euc", &format!("cd /root\n{commands}")])
}

/// What fits in the journal, and so does everything else.
#[track_caller]
fn is_whole(host: &Host, commands: &str) {
    let ended = run(host, commands);
    assert!(ended.code == 0 && ended.output.contains("compared, from"), "{commands}: {ended:?}");
}

#[track_caller]
fn is_broken(host: &Host, commands: &str, words: &str) {
    let ended = run(host, commands);
    assert!(ended.code == 1 && ended.error.contains(words), "{commands}: {words}: {ended:?}");
}

/// The report of a check, whatever it has found.
fn report(host: &Host) -> Value {
    serde_json::from_str(&run(host, "readmit audit verify --json").output).unwrap()
}

fn last_entry(host: &Host) -> u64 {
    report(host)["seq"].as_u64().unwrap()
}

/// Comparing with this host's journal, with heads that were kept elsewhere, and through a pipe.
fn ways() -> [String; 3] {
    let kept = block("--require-heads");
    let (journal, _) = kept.lines().next().unwrap().split_once(" > ").unwrap();
    [
        "readmit audit verify --require-heads".to_owned(),
        kept.to_owned(),
        format!("{journal} | readmit audit verify --require-heads --heads -"),
    ]
}

/// The database and its anchor are put back together, so that nothing on the disk tells.
fn cut_off_with_its_anchor(host: &Host) {
    host.sh("systemctl stop readmitd.service; cp -a /var/lib/readmit /root/earlier; systemctl start readmitd.service");
    host.sh("readmit account add carol --email carol@example.org; readmit account add dora --email dora@example.org");
    host.sh(block("backup --force"));
    host.sh("readmit account add erin --email erin@example.org");
    let last = last_entry(host);
    // The head of the last entry leaves the database at its stop.
    host.sh("systemctl restart readmitd.service; journalctl --sync");
    for way in ways() {
        is_whole(host, &way);
    }
    host.sh("systemctl stop readmitd.service; rm -r /var/lib/readmit; cp -a /root/earlier /var/lib/readmit; systemctl start readmitd.service");
    for way in ways() {
        is_broken(host, &way, "it was cut off at the end: entry");
    }
    let report = report(host);
    assert_eq!(report["ok"], true, "from within it cannot be noticed");
    let problems = report["heads"]["problems"].as_array().unwrap();
    assert!(problems.iter().any(|problem| problem["seq"].as_u64() >= Some(last)), "{report}");
}

/// The newest backup brings back what it has; what came after it is gone, and stays named.
fn the_way_back(host: &Host) {
    let commands = block("restore --accept-rollback /var/backups");
    let (commands, verify) = commands.rsplit_once('\n').unwrap();
    host.sh(commands);
    host.sh("readmit account show carol; readmit account show dora");
    is_broken(host, verify, "is another than the one that was signed");
}

/// Somebody has the disk in hand while the daemon runs: the chain says so, and after the next start the daemon itself.
fn cut_off_while_it_runs(host: &Host) {
    let last = last_entry(host);
    host.sh(&format!(
        "sqlite3 /var/lib/readmit/readmit.db 'DROP TRIGGER journal_is_not_cut; DELETE FROM journal WHERE seq = {last}'"
    ));
    is_broken(
        host,
        "readmit audit verify",
        &format!("the journal is broken at entry {last}: the end was cut off"),
    );
    host.sh("systemctl restart readmitd.service");
    until(
        host,
        &format!(
            "systemctl show --property=StatusText readmitd.service | grep -q 'the journal is broken at entry {last}'"
        ),
    );
    host.sh("journalctl --sync; journalctl -u readmitd.service -q --no-pager -p err -g 'the journal is broken' | grep -q .");
}

#[test]
fn a_database_that_was_cut_off_at_its_end_is_found_by_the_heads_in_the_journal() {
    let host = host();
    host.sh("systemctl start readmitd.service; readmit account add alice --email alice@example.org");
    cut_off_with_its_anchor(&host);
    the_way_back(&host);
    cut_off_while_it_runs(&host);
}
