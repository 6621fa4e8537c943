//! Saved files come into force by themselves: all or nothing, only after their tests, whatever an editor does; and
//! who may bring a set into force or back.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use readmit_recovery::id::PolicyVersion;
use readmit_store::Store;
use readmitd::config::Activation;
use readmitd::service::{Fault, NoPolicies, Policies, PolicyListing, PolicyOptions, PolicyState, Signal};
use tempfile::TempDir;

use crate::house::{
    ALICE, House, PASSWORD, POLICY, policy_options, private_directory, store, within, write_policy,
};

/// Refuses every recovery in this many words.
fn denying(because: &str) -> String {
    format!("return {{ open = function(case) return deny {{ because = \"{because}\" }} end }}\n")
}

/// Passes as long as the policy denies with these words.
fn denial_test(because: &str) -> String {
    format!(
        "test(\"it is denied\", function()\n  local case = open {{ reason = \"lost\" }}\n  \
         expect(case.because):is(\"{because}\")\nend)\n"
    )
}

struct Desk {
    house: House,
}

impl Desk {
    async fn new() -> Self {
        Self::with(|_| ()).await
    }

    async fn with(change: impl FnOnce(&mut PolicyOptions)) -> Self {
        let directory = private_directory();
        write_policy(directory.path(), POLICY);
        Self::on(directory, change).await
    }

    async fn two_persons() -> Self {
        Self::with(|options| options.activation = Activation::TwoPersons).await
    }

    async fn on(directory: Arc<TempDir>, change: impl FnOnce(&mut PolicyOptions)) -> Self {
        Self { house: House::watching(directory, change).await }
    }

    async fn restarted(self, change: impl FnOnce(&mut PolicyOptions)) -> Self {
        Self::on(self.house.stop().await, change).await
    }

    fn path(&self, name: &str) -> PathBuf {
        self.house.directory.path().join("policies").join(name)
    }

    fn save(&self, text: &str) {
        write_policy(self.house.directory.path(), text);
    }

    /// As editors do it that never leave half a file behind.
    fn save_by_rename(&self, text: &str) {
        let new = self.path(".default.lua.new");
        fs::write(&new, text).expect("written");
        fs::rename(new, self.path("default.lua")).expect("renamed");
    }

    fn in_force(&self) -> PolicyVersion {
        self.house.service.policies().in_force().version
    }

    async fn loaded(&mut self) -> String {
        loop {
            match within(self.house.signals.recv()).await.expect("told") {
                Signal::PoliciesLoaded { version } => return version,
                Signal::PoliciesRefused { why } => panic!("refused: {why}"),
                _ => {}
            }
        }
    }

    async fn pending(&mut self) -> String {
        loop {
            match within(self.house.signals.recv()).await.expect("told") {
                Signal::PoliciesPending { version } => return version,
                Signal::PoliciesLoaded { .. } => panic!("loaded"),
                _ => {}
            }
        }
    }

    async fn refused(&mut self) -> String {
        loop {
            if let Signal::PoliciesRefused { why } = within(self.house.signals.recv()).await.expect("told") {
                return why;
            }
        }
    }

    /// Waits until the set in force answers so, whatever else comes and goes.
    async fn until_it_denies(&mut self, because: &str) {
        while self.because().await.as_deref() != Some(because) {
            within(self.house.signals.recv()).await.expect("told");
        }
    }

    /// Why the next recovery is denied, if it is.
    async fn because(&self) -> Option<String> {
        let explained = self.house.service.explain(ALICE, "lost", &Default::default()).await;
        match explained.expect("no decision fails").case.state {
            readmit_recovery::case::State::Denied { because } => Some(because),
            _ => None,
        }
    }

    async fn listed(&self) -> Vec<PolicyListing> {
        self.house.service.policy_versions().await.expect("listed")
    }

    async fn waiting(&self) -> Option<PolicyListing> {
        self.listed().await.into_iter().find(|one| one.state == PolicyState::Pending)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_saved_set_decides_the_next_case_however_it_is_saved() {
    type Way = fn(&Desk, &str);
    let mut desk = Desk::new().await;
    desk.house.add_alice().await;
    let ways: [(&str, Way); 5] = [
        ("written", |desk, text| desk.save(text)),
        ("renamed into place", |desk, text| desk.save_by_rename(text)),
        ("removed and written anew", |desk, text| {
            fs::remove_file(desk.path("default.lua")).expect("removed");
            desk.save(text);
        }),
        ("with a copy of the old one kept", |desk, text| {
            fs::rename(desk.path("default.lua"), desk.path("default.lua~")).expect("renamed");
            desk.save(text);
        }),
        ("linked", |desk, text| {
            fs::write(desk.path("..new"), text).expect("written");
            fs::remove_file(desk.path("default.lua")).expect("removed");
            std::os::unix::fs::symlink("..new", desk.path("default.lua")).expect("linked");
        }),
    ];
    for (way, save) in ways {
        save(&desk, &denying(way));
        desk.until_it_denies(way).await;
        let case = desk.house.open(ALICE, "lost").await;
        assert_eq!(desk.house.view(&case).await.state, "denied", "{way}");
        let first = desk.listed().await.swap_remove(0);
        assert_eq!((first.actor.as_str(), first.is_found, first.refused), ("directory", true, None), "{way}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_a_file_changes_nothing_and_the_whole_one_is_taken() {
    use std::io::Write as _;
    let mut desk = Desk::new().await;
    desk.house.add_alice().await;
    let before = desk.in_force();
    let text = denying("whole");
    let (begin, end) = text.split_at(text.len() / 2);
    let mut file = fs::File::create(desk.path("default.lua")).expect("created");
    file.write_all(begin.as_bytes()).expect("written");
    // Another file is saved meanwhile: now the half one is read, and refused.
    fs::write(desk.path("other.lua"), POLICY).expect("written");
    assert!(desk.refused().await.contains("default.lua"));
    assert_eq!((desk.in_force(), desk.because().await), (before, None));
    file.write_all(end.as_bytes()).expect("written");
    drop(file);
    desk.until_it_denies("whole").await;
    assert_eq!(desk.listed().await[0].refused, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_saves_disturb_no_decision_and_the_last_one_holds() {
    let mut desk = Desk::new().await;
    desk.house.add_alice().await;
    let (is_over, decided) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
    let deciders: Vec<_> = (0..4)
        .map(|_| {
            let service = desk.house.service.clone();
            let (is_over, decided) = (is_over.clone(), decided.clone());
            tokio::spawn(async move {
                while !is_over.load(Ordering::Relaxed) {
                    let explained =
                        service.explain(ALICE, "lost", &Default::default()).await.expect("decided");
                    assert_eq!(explained.cause, None);
                    decided.fetch_add(1, Ordering::Relaxed);
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    let path = desk.path("default.lua");
    tokio::task::spawn_blocking(move || {
        for number in 0..1000 {
            // Every third one is broken.
            let text =
                if number % 3 == 1 { "return {".to_owned() } else { denying(&format!("save {number}")) };
            fs::write(&path, text).expect("written");
        }
    })
    .await
    .expect("saved");
    desk.until_it_denies("save 999").await;
    is_over.store(true, Ordering::Relaxed);
    for decider in deciders {
        within(decider).await.expect("no decision failed");
    }
    assert!(decided.load(Ordering::Relaxed) > 0);
    // Saves that came while one was being taken were taken together.
    assert!(desk.listed().await.len() < 1000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_set_whose_tests_fail_is_refused_by_their_names() {
    let mut desk = Desk::new().await;
    desk.house.add_alice().await;
    let before = desk.in_force();
    fs::write(desk.path("default_test.lua"), denial_test("closed")).expect("written");
    let why = desk.refused().await;
    assert!(why.contains("1 of 1 tests"), "{why}");
    assert!(why.contains("default_test.lua:1: it is denied"), "{why}");
    assert_eq!(desk.in_force(), before);
    // Nothing of it is in force after a restart either.
    let mut desk = desk.restarted(|_| ()).await;
    assert_eq!(desk.in_force(), before);
    assert_eq!(desk.listed().await[0].refused.as_deref(), Some(why.as_str()));
    desk.save(&denying("closed"));
    desk.until_it_denies("closed").await;
    let first = desk.listed().await.swap_remove(0);
    assert_eq!((first.tests, first.refused), (1, None));
    let entries = desk.house.entries("policies_loaded").await;
    let (actor, detail) = entries.last().expect("an entry");
    assert_eq!(
        (actor.as_str(), &detail["tests"], &detail["before"]),
        ("directory", &1.into(), &before.as_str().into())
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tests_have_a_time_and_may_be_asked_for() {
    let mut desk = Desk::with(|options| options.require_tests = false).await;
    desk.save(&denying("closed"));
    desk.loaded().await;
    let mut desk = desk.restarted(|options| options.require_tests = true).await;
    desk.save(&denying("still closed"));
    assert!(desk.refused().await.contains("policy.require_tests"));
    fs::write(desk.path("default_test.lua"), denial_test("still closed")).expect("written");
    desk.loaded().await;
    let mut desk = desk.restarted(|options| options.tests_for = Duration::ZERO).await;
    desk.save(&format!("-- Another.\n{}", denying("still closed")));
    assert!(desk.refused().await.contains("policy.tests_seconds"));
    // A new daemon asks the same of the first set.
    let fresh = private_directory();
    write_policy(fresh.path(), POLICY);
    let options = PolicyOptions { require_tests: true, ..policy_options(fresh.path()) };
    let refused = Policies::load(options, &*store(fresh.path())).await;
    assert!(matches!(refused, Err(NoPolicies::Inadmissible(why)) if why.to_string().contains("no test")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_that_never_ends_is_refused_like_one_that_fails() {
    let mut desk = Desk::new().await;
    fs::write(desk.path("default_test.lua"), "test(\"for ever\", function() while true do end end)\n")
        .expect("written");
    let why = desk.refused().await;
    assert!(why.contains("default_test.lua:1: for ever"), "{why}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_set_that_is_in_force_is_not_loaded_again_but_ends_a_refusal() {
    let mut desk = Desk::new().await;
    desk.save("return {");
    desk.refused().await;
    let loaded = desk.house.entries("policies_loaded").await.len();
    let at = desk.listed().await[0].since;
    desk.save(POLICY);
    // No signal comes of it; whoever asks for it is told the version.
    let version = desk.house.service.reload_policies("uid:7").await.expect("read");
    assert_eq!(version, desk.in_force());
    let first = desk.listed().await.swap_remove(0);
    assert_eq!((first.refused, first.since), (None, at));
    assert_eq!(desk.house.entries("policies_loaded").await.len(), loaded);
    let told = std::iter::from_fn(|| desk.house.signals.try_recv().ok());
    assert_eq!(told.filter(|signal| matches!(signal, Signal::PoliciesLoaded { .. })).count(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_directory_that_is_deleted_changes_nothing_and_is_taken_up_when_it_comes_again() {
    let mut desk = Desk::new().await;
    desk.house.add_alice().await;
    desk.save(&denying("before"));
    desk.until_it_denies("before").await;
    fs::remove_dir_all(desk.path("")).expect("removed");
    let gone = desk.refused().await;
    assert!(gone.contains("is not there") || gone.contains("no policy in the set"), "{gone}");
    assert_eq!(desk.because().await.as_deref(), Some("before"));
    // The policy that is built in does not take its place, at a restart neither.
    let mut desk = desk.restarted(|_| ()).await;
    assert_eq!(desk.because().await.as_deref(), Some("before"));
    assert!(desk.listed().await[0].refused.as_ref().is_some_and(|why| why.contains("is not there")));
    desk.save(&denying("after"));
    desk.until_it_denies("after").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_directory_that_is_made_only_later_is_taken_up() {
    let directory = private_directory();
    let mut desk = Desk::on(directory, |_| ()).await;
    desk.house.add_alice().await;
    let built_in = desk.in_force();
    assert_eq!(desk.because().await, None);
    desk.save(&denying("closed"));
    desk.until_it_denies("closed").await;
    assert_ne!(desk.in_force(), built_in);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_read_changes_nothing_until_it_can() {
    let mut desk = Desk::new().await;
    desk.house.add_alice().await;
    let before = desk.in_force();
    // Root may read anything; a link to nowhere nobody may.
    std::os::unix::fs::symlink("/nowhere/at/all.lua", desk.path("lost.lua")).expect("linked");
    assert!(desk.refused().await.contains("lost.lua"));
    fs::remove_file(desk.path("lost.lua")).expect("removed");
    fs::write(desk.path("bytes.lua"), [0xff, 0xfe]).expect("written");
    while !desk.refused().await.contains("bytes.lua: is not UTF-8") {}
    fs::write(desk.path("bytes.lua"), vec![b'-'; 10 * 1024 * 1024]).expect("written");
    while !desk.refused().await.contains("bytes.lua: is larger") {}
    fs::remove_file(desk.path("bytes.lua")).expect("removed");
    assert_eq!(desk.in_force(), before);
    desk.save(&denying("mended"));
    desk.until_it_denies("mended").await;
    if !nix::unistd::getuid().is_root() {
        let mode = |mode| fs::set_permissions(desk.path("default.lua"), fs::Permissions::from_mode(mode));
        mode(0o000).expect("set");
        assert!(desk.house.service.reload_policies("uid:7").await.is_err());
        mode(0o600).expect("set");
        desk.house.service.reload_policies("uid:7").await.expect("read");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_earlier_version_comes_back_and_stays_until_others_are_saved() {
    let mut desk = Desk::new().await;
    desk.house.add_alice().await;
    let first = desk.in_force();
    desk.save(&denying("second"));
    desk.until_it_denies("second").await;
    let second = desk.in_force();
    let back = desk.house.service.roll_back_policies(&first.as_str()[..6], "uid:7").await.expect("back");
    assert_eq!((&back, &desk.in_force()), (&first, &first));
    assert_eq!(desk.loaded().await, first.as_str());
    let entries = desk.house.entries("policies_rolled_back").await;
    assert_eq!(entries.len(), 1);
    assert_eq!((entries[0].0.as_str(), &entries[0].1["before"]), ("uid:7", &second.as_str().into()));
    let listed = desk.listed().await;
    assert_eq!(
        (listed[0].state, listed[0].is_found, listed[0].actor.as_str()),
        (PolicyState::InForce, false, "uid:7")
    );
    assert_eq!(
        (listed[1].state, listed[1].is_found, &listed[1].version),
        (PolicyState::Earlier, true, &second)
    );

    // The files are still the second version: neither a restart, nor a reload, nor saving them again takes them.
    let mut desk = desk.restarted(|_| ()).await;
    assert_eq!(desk.in_force(), first);
    assert_eq!(desk.house.service.reload_policies("uid:7").await, Ok(first.clone()));
    desk.save(&denying("second"));
    assert_eq!(desk.house.service.reload_policies("uid:7").await, Ok(first.clone()));
    let other = desk.house.service.roll_back_policies(&"0".repeat(64), "uid:7").await;
    assert!(matches!(other, Err(Fault::NotFound(_))), "{other:?}");
    let same = desk.house.service.roll_back_policies(first.as_str(), "uid:7").await;
    assert!(matches!(same, Err(Fault::WrongState(_))), "{same:?}");

    // Others are taken, and then, since the files have changed, the second version again, too.
    desk.save(&denying("third"));
    desk.until_it_denies("third").await;
    desk.save(&denying("second"));
    desk.until_it_denies("second").await;
    // So, too, when they were those in force in between.
    desk.house.service.roll_back_policies(first.as_str(), "uid:7").await.expect("back");
    desk.save(POLICY);
    assert_eq!(desk.house.service.reload_policies("uid:7").await, Ok(first));
    desk.save(&denying("second"));
    desk.until_it_denies("second").await;
}

/// Puts another text on file for a version.
fn alter(directory: &TempDir, version: &PolicyVersion, text: &str) {
    let database = rusqlite::Connection::open(directory.path().join("readmit.db")).expect("a database");
    let change = "UPDATE policies SET files = json_object('default.lua', ?2) WHERE version = ?1";
    assert_eq!(database.execute(change, [version.as_str(), text]).expect("altered"), 1);
}

/// What is on file of a version is what its name says, or it does not come into force.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_version_that_was_altered_on_file_is_not_gone_back_to() {
    let mut desk = Desk::new().await;
    let first = desk.in_force();
    desk.save(&denying("second"));
    desk.loaded().await;
    let second = desk.in_force();
    let directory = desk.house.stop().await;
    alter(&directory, &first, &denying("altered"));
    let mut desk = Desk::on(directory, |_| ()).await;
    let back = desk.house.service.roll_back_policies(first.as_str(), "uid:7").await;
    assert!(matches!(&back, Err(Fault::Refused(why)) if why.contains("not those of version")), "{back:?}");
    assert!(desk.refused().await.contains("not those of version"));
    assert_eq!((desk.in_force(), desk.listed().await[0].refused.clone()), (second.clone(), None));

    // If it is the one in force that was altered, the one before it is taken; then whatever the files hold.
    let directory = desk.house.stop().await;
    alter(&directory, &first, POLICY);
    alter(&directory, &second, &denying("altered"));
    fs::remove_dir_all(directory.path().join("policies")).expect("removed");
    let mut desk = Desk::on(directory, |_| ()).await;
    assert!(desk.refused().await.contains("is not there"));
    assert_eq!(desk.in_force(), first);
    assert_eq!(desk.house.entries("policies_rolled_back").await.len(), 1);
    desk.save(&denying("third"));
    assert_ne!(desk.loaded().await, first.as_str());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_persons_bring_a_saved_set_into_force() {
    let mut desk = Desk::two_persons().await;
    desk.house.add_alice().await;
    let first = desk.in_force();
    desk.save(&denying("closed"));
    let waiting = desk.pending().await;
    assert_eq!((desk.in_force(), desk.because().await), (first.clone(), None));
    let service = desk.house.service.clone();
    assert_eq!(service.reload_policies("uid:1").await.expect("read").as_str(), waiting);
    assert_eq!(desk.in_force(), first);
    let none = service.activate_policies(first.as_str(), "uid:1").await;
    assert!(matches!(none, Err(Fault::NotFound(_))), "{none:?}");
    service.activate_policies(&waiting[..8], "uid:1").await.expect("approved");
    let again = service.activate_policies(&waiting, "uid:1").await;
    assert!(matches!(again, Err(Fault::NotAuthorized(_))), "{again:?}");
    assert_eq!(desk.in_force(), first);
    let listed = desk.waiting().await.expect("it waits");
    assert_eq!(
        (listed.version.as_str(), listed.approved_by.as_slice()),
        (&*waiting, &["uid:1".to_owned()][..])
    );

    // A restart keeps both, and so does one without the directory.
    let two = |options: &mut PolicyOptions| options.activation = Activation::TwoPersons;
    let desk = desk.restarted(two).await;
    assert_eq!((desk.in_force(), desk.waiting().await), (first.clone(), Some(listed.clone())));
    let directory = desk.house.stop().await;
    fs::remove_dir_all(directory.path().join("policies")).expect("removed");
    let mut desk = Desk::on(directory, two).await;
    assert!(desk.refused().await.contains("is not there"));
    assert_eq!(desk.in_force(), first);
    assert_eq!(desk.waiting().await.map(|one| one.approved_by), Some(listed.approved_by));
    let service = desk.house.service.clone();
    let again = service.activate_policies(&waiting, "uid:1").await;
    assert!(matches!(again, Err(Fault::NotAuthorized(_))), "{again:?}");
    service.activate_policies(&waiting, "uid:2").await.expect("in force");
    assert_eq!(desk.loaded().await, waiting);
    assert_eq!((desk.in_force().as_str(), desk.because().await.as_deref()), (&*waiting, Some("closed")));
    let listed = desk.listed().await;
    assert_eq!(listed[0].approved_by, ["uid:1", "uid:2"]);
    assert!(listed.iter().all(|one| one.state != PolicyState::Pending));
    let late = service.activate_policies(&waiting, "uid:3").await;
    assert!(matches!(late, Err(Fault::WrongState(_))), "{late:?}");
    let approved: Vec<_> = desk.house.entries("policies_approved").await.into_iter().map(|it| it.0).collect();
    assert_eq!(approved, ["uid:1", "uid:2"]);
    let loaded = desk.house.entries("policies_loaded").await;
    assert_eq!(loaded.last().map(|it| &it.1["approved_by"]), Some(&serde_json::json!(["uid:1", "uid:2"])));
    assert_eq!(desk.house.entries("policies_pending").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newer_set_needs_its_own_approvals_and_the_old_files_end_the_waiting() {
    let mut desk = Desk::two_persons().await;
    let first = desk.in_force();
    let service = desk.house.service.clone();
    desk.save(&denying("one"));
    let one = desk.pending().await;
    service.activate_policies(&one, "uid:1").await.expect("approved");
    // A broken set changes nothing of that.
    desk.save("return {");
    desk.refused().await;
    assert_eq!(desk.waiting().await.map(|it| it.approved_by), Some(vec!["uid:1".to_owned()]));
    desk.save(&denying("two"));
    let two = desk.pending().await;
    assert_eq!(desk.waiting().await.map(|it| it.approved_by), Some(Vec::new()));
    let gone = service.activate_policies(&one, "uid:2").await;
    assert!(matches!(gone, Err(Fault::NotFound(_))), "{gone:?}");
    service.activate_policies(&two, "uid:2").await.expect("approved");
    assert_eq!(desk.in_force(), first);
    // What is in force is saved again: nothing waits any more.
    desk.save(POLICY);
    assert_eq!(service.reload_policies("uid:1").await, Ok(first.clone()));
    assert_eq!(desk.waiting().await, None);
    assert_eq!(desk.house.entries("policies_withdrawn").await.len(), 1);
    let gone = service.activate_policies(&two, "uid:1").await;
    assert!(matches!(gone, Err(Fault::WrongState(_))), "{gone:?}");
    assert_eq!(desk.in_force(), first);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn going_back_takes_two_persons_as_well() {
    let mut desk = Desk::two_persons().await;
    let first = desk.in_force();
    let service = desk.house.service.clone();
    desk.save(&denying("closed"));
    let second = desk.pending().await;
    for actor in ["uid:1", "uid:2"] {
        service.activate_policies(&second, actor).await.expect("approved");
    }
    assert_eq!(desk.loaded().await, second);
    service.roll_back_policies(first.as_str(), "uid:1").await.expect("asked for");
    assert_eq!(desk.pending().await, first.as_str());
    assert_eq!(desk.in_force().as_str(), second);
    let alone = service.roll_back_policies(first.as_str(), "uid:1").await;
    assert!(matches!(alone, Err(Fault::NotAuthorized(_))), "{alone:?}");
    let alone = service.activate_policies(first.as_str(), "uid:1").await;
    assert!(matches!(alone, Err(Fault::NotAuthorized(_))), "{alone:?}");
    // It waits across a restart, though the files are those in force.
    let two = |options: &mut PolicyOptions| options.activation = Activation::TwoPersons;
    let mut desk = desk.restarted(two).await;
    let waiting = desk.waiting().await.expect("it waits");
    assert_eq!((waiting.version, waiting.approved_by), (first.clone(), vec!["uid:1".to_owned()]));
    let service = desk.house.service.clone();
    service.roll_back_policies(first.as_str(), "uid:2").await.expect("back");
    assert_eq!(desk.loaded().await, first.as_str());
    let back = desk.house.entries("policies_rolled_back").await;
    assert_eq!((back.len(), &back[0].1["approved_by"]), (1, &serde_json::json!(["uid:1", "uid:2"])));
    let desk = desk.restarted(two).await;
    assert_eq!((desk.in_force(), desk.waiting().await), (first, None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_case_is_not_touched_by_going_back() {
    let mut desk = Desk::new().await;
    desk.house.add_alice().await;
    let first = desk.in_force();
    desk.save(&format!("-- Another.\n{POLICY}"));
    let second = desk.loaded().await;
    let case = desk.house.open(ALICE, "out_of_sync").await;
    desk.house.service.roll_back_policies(first.as_str(), "uid:7").await.expect("back");
    desk.house.prove(&case, "password", PASSWORD).await;
    assert_eq!(desk.house.service.show(&case).await.expect("a case").0.policy.as_str(), second);
    assert!(desk.house.store.policy(&first).await.expect("read").is_some());
    assert!(Path::new(&desk.path("default.lua")).exists());
}
