//! Whole recoveries: what a person types, what the daemon is asked, what the person reads.

use serde_json::json;

use crate::story::{assert_says, calling, failing, outcome, play, proving, recovered, right, turn, view};

/// J2, J5, J6, J7, J9, J12, J14 at a terminal.
#[test]
fn a_whole_recovery() {
    let mail = |state: &str| proving(1, json!({"state": state, "sender": "help@example.com"}));
    let turns = vec![
        turn("Open", json!("c1"), vec![proving(0, json!({}))]),
        turn(
            "Submit",
            json!({"accepted": false, "tries_left": 4, "state": "proving", "message": ""}),
            vec![],
        ),
        turn("Submit", right(), vec![mail("open")]),
        turn("Start", json!({}), vec![mail("sent")]),
        turn("Start", json!({}), vec![mail("sent")]),
        turn("Submit", right(), vec![proving(2, json!({}))]),
        turn(
            "Start",
            json!({}),
            vec![
                calling("calling"),
                calling("ringing"),
                calling("answered"),
                calling("prompting"),
                calling("wrong_digits"),
                recovered(json!(["sign_in", "change_password", "enroll"])),
            ],
        ),
        turn(
            "Claim",
            json!({"account": "alice", "device": "deactivated", "recovery_codes": ["new-1", "new-2"]}),
            vec![recovered(json!(["change_password", "enroll"]))],
        ),
        turn("ChangePassword", json!(null), vec![recovered(json!(["enroll"]))]),
        turn(
            "BeginEnrollment",
            json!({"uri": "otpauth://totp/x?secret=ABC", "secret": "ABC", "qr_svg": ""}),
            vec![],
        ),
        failing("ConfirmEnrollment", "org.readmit.Error.Refused", "These are not two codes in a row."),
        turn("ConfirmEnrollment", json!(null), vec![view("completed", json!({"outcome": outcome()}))]),
    ];
    let lines = [
        "2",
        "2",
        "wrong",
        "hunter2 ",
        "",
        "r",
        "123456",
        "",
        "",
        "new password",
        "other password",
        "new password",
        "new password",
        "my phone",
        "111111",
        "222222",
        "333333",
        "444444",
    ];
    let (ended, asked) = play(json!(null), turns, &["alice"], &lines);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_says(
        &ended,
        &[
            "What has happened to your device?",
            "its codes are refused",
            "I cannot use it",
            "it was stolen",
            "Case c1 of alice",
            "[now]    your password",
            "[later]  e-mail to a***@example.org",
            "That was not right. You have 4 more tries.",
            "That was right.",
            "help@example.com",
            "Enter  send it",
            "spam folder",
            "send it again",
            "[now]    phone call to +1 *** 42",
            "never reads the digits aloud",
            "call me now",
            "Your six digits: 482 913",
            "We are calling you",
            "Your phone is ringing",
            "Open the keypad",
            "Type the six digits",
            "not the six digits",
            "you can get back in",
            "new-1",
            "choose a new password",
            "The two were not the same",
            "Your new password is set.",
            "enroll your new device",
            "secret into it: ABC",
            "not two codes in a row",
            "Your new device is enrolled.",
            "Done: you are back in.",
            "remove this account from its app",
        ],
    );
    assert!(!ended.output.contains("hunter2"), "a password is never shown");
    let context = json!({"user_agent": concat!("readmit/", env!("CARGO_PKG_VERSION"))});
    let wanted = [
        json!(["alice", "stolen", context]),
        json!(["c1", "password", ["wrong"]]),
        json!(["c1", "password", ["hunter2 "]]),
        json!(["c1", "email"]),
        json!(["c1", "email"]),
        json!(["c1", "email", ["123456"]]),
        json!(["c1", "voice"]),
        json!(["c1"]),
        json!(["c1", "new password"]),
        json!(["c1", "my phone"]),
        json!(["c1", "111111", "222222"]),
        json!(["c1", "333333", "444444"]),
    ];
    assert_eq!(asked, wanted);
}

/// J1, J15: codes that are refused lead to two codes.
#[test]
fn a_device_out_of_sync_is_put_right() {
    let step = json!({"steps": [{"factor": "resync", "state": "open", "tries_left": 5}]});
    let kept = view("recovered", json!({"tasks": ["sign_in"], "outcome": {"device": "keep"}}));
    let turns = vec![
        turn("Open", json!("c1"), vec![view("proving", step)]),
        turn("Submit", right(), vec![kept]),
        turn(
            "Claim",
            json!({"device": "kept"}),
            vec![view("completed", json!({"outcome": {"device": "keep"}}))],
        ),
    ];
    let (ended, asked) = play(json!(null), turns, &[], &["alice", "5", "1", "111111", "222222", ""]);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_says(
        &ended,
        &["Which account", "Type a number from 1 to 2.", "Two codes in a row", "stays on file"],
    );
    assert_eq!(asked[0][1], "out_of_sync");
    assert_eq!(asked[1], json!(["c1", "resync", ["111111", "222222"]]));
}

/// J8, for what can go wrong with a call: the cause, and the choice to go on.
#[test]
fn a_call_that_fails_is_explained_and_can_be_tried_again() {
    for (disposition, words) in [
        ("busy", "The line was busy"),
        ("no_answer", "nobody answered"),
        ("declined", "declined on the phone"),
        ("no_input", "no key was pressed"),
        ("wrong_digits", "were not the ones on the page"),
        ("hung_up", "stay on the line"),
        ("unreachable", "not your fault"),
        ("invalid_number", "Contact support"),
    ] {
        let failed = proving(2, json!({"state": "failed", "disposition": disposition}));
        let turns = vec![
            turn("Start", json!({}), vec![calling("ringing"), failed]),
            turn("Start", json!({}), vec![calling("ringing"), recovered(json!(["sign_in"]))]),
        ];
        let (ended, asked) = play(proving(2, json!({})), turns, &["--case", "c1"], &["", ""]);
        assert_says(
            &ended,
            &["Your phone is ringing", words, "Enter  call me again", "start over", "ask support"],
        );
        assert_eq!(asked, vec![json!(["c1", "voice"]), json!(["c1", "voice"])], "{disposition}");
        assert_eq!(ended.code, 1, "the input ended before the sign-in");
        assert!(ended.hint().contains("readmit recover --case c1"), "{ended:?}");
    }
}

#[test]
fn a_refusal_of_the_daemon_leaves_the_other_choices() {
    let turns = vec![
        failing("Start", "org.readmit.Error.RateLimited", "Three calls were made. Wait ten minutes."),
        failing("Start", "org.readmit.Error.WrongState", "This step is not open."),
    ];
    let (ended, _) = play(proving(2, json!({})), turns, &["--case", "c1"], &["", "x", "", "q"]);
    assert_says(&ended, &["Wait ten minutes.", "That is none of the choices.", "This step is not open."]);
    assert_eq!(ended.code, 1);
}

/// J8, J13: "I am not getting any call" becomes a ticket.
#[test]
fn support_gets_the_whole_form() {
    let waiting =
        view("escalated", json!({"support": {"to": "support", "ticket": "T-7", "contact": "+1 555 0100"}}));
    let turns = vec![turn("Escalate", json!("T-7"), vec![waiting])];
    let lines = ["h", "2", "a@example.net", "", "+14155550199", "Alice Doe", "It shows the correct number."];
    let (ended, asked) = play(proving(2, json!({})), turns, &["--case", "c1"], &lines);
    assert_says(
        &ended,
        &[
            "I am not getting any call",
            "Your full name",
            "ticket T-7",
            "+1 555 0100",
            "Your ticket is T-7",
            "look again",
        ],
    );
    let form = json!({"problem": "no_call", "email": "a@example.net", "account": "alice", "phone": "+14155550199",
        "name": "Alice Doe", "message": "It shows the correct number."});
    assert_eq!(asked, [json!(["c1", form])]);
    assert_eq!(ended.code, 1);
}

/// J3: "they are told to contact an administrator"; when that is done, the case goes on.
#[test]
fn an_escalated_case_goes_on_when_it_is_resolved() {
    let first = view("escalated", json!({"support": {"to": "administrator", "contact": "room 12"}}));
    let pass = view("proving", json!({"steps": [{"factor": "pass", "state": "open", "tries_left": 5}]}));
    let turns = vec![
        turn("Open", json!("c1"), vec![first, pass]),
        turn("Submit", right(), vec![view("completed", json!({}))]),
    ];
    let (ended, asked) = play(json!(null), turns, &["bob", "--reason", "lost"], &["", "pass-word"]);
    assert_says(
        &ended,
        &["help of an administrator", "room 12", "case id: c1", "access pass that support gave you", "Done"],
    );
    assert_eq!(asked[1], json!(["c1", "pass", ["pass-word"]]));
    assert_eq!(ended.code, 0);
}

#[test]
fn a_hold_is_told_and_can_be_called_off() {
    let held =
        view("held", json!({"held_until": 4_000_000_000_u64, "message": "Everything is proven. Wait."}));
    let turns = vec![turn("Cancel", json!(null), vec![view("cancelled", json!({}))])];
    let (ended, _) = play(held, turns, &["--case", "c1"], &["c", "q"]);
    assert_says(
        &ended,
        &["Everything is proven. Wait.", "2096-10-02 07:06:40Z", "this was not me", "called off"],
    );
    assert_eq!(ended.code, 1);
    assert!(ended.hint().contains("start over"));
}

/// J16, from the other side: the person whose recovery was stopped reads what to do.
#[test]
fn a_vetoed_case_can_be_started_over() {
    let turns = vec![
        failing("Cancel", "org.readmit.Error.WrongState", "It has ended."),
        turn("Open", json!("c2"), vec![view("completed", json!({}))]),
    ];
    let (ended, asked) = play(view("vetoed", json!({})), turns, &["--case", "c1"], &["s", "2", "1"]);
    assert_says(
        &ended,
        &["said that this was not them", "+1 555 0100", "start over", "What has happened", "Done"],
    );
    assert_eq!(asked[1][0], "alice");
    assert_eq!(ended.code, 0);
}

#[test]
fn every_end_has_its_words_and_way_on() {
    for (state, words) in [
        ("denied", "was refused"),
        ("vetoed", "was stopped"),
        ("cancelled", "was called off"),
        ("expired", "time for this"),
    ] {
        let (ended, _) = play(view(state, json!({})), vec![], &["--case", "c1"], &["q"]);
        assert_eq!(ended.code, 1);
        assert!(ended.error.contains(words) && ended.hint().len() > 20, "{state}: {ended:?}");
    }
}

#[test]
fn other_ways_can_be_chosen() {
    let steps = json!({"steps": [
        {"factor": "voice", "state": "failed", "disposition": "no_answer", "tries_left": 3},
        {"factor": "recovery_code", "state": "open", "tries_left": 5},
        {"factor": "totp", "state": "open", "tries_left": 5},
    ]});
    let turns = vec![turn("Submit", right(), vec![view("completed", json!({}))])];
    let (ended, asked) = play(view("proving", steps), turns, &["--case", "c1"], &["2", "1", "2", "123456"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!(asked, [json!(["c1", "totp", ["123456"]])]);
    assert_says(&ended, &["a code of another device", "Done"]);
}

#[test]
fn nothing_is_begun_without_an_answer() {
    let (ended, asked) = play(json!(null), vec![], &["alice"], &[]);
    assert_eq!((ended.code, asked.len()), (2, 0));
    assert!(ended.hint().contains("--reason"));
    let limited = vec![failing("Open", "org.readmit.Error.RateLimited", "Too many recoveries.")];
    let (ended, _) = play(json!(null), limited, &["alice", "--reason", "lost"], &[]);
    assert_eq!(ended.code, 5);
    assert!(ended.hint().contains("contact support"));
}
